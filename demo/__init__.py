"""`make demo`: the product's main job on real data, with a check of what it claims."""
