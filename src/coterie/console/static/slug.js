// Suggests a slug from the name until the slug is edited by hand.
export function suggestSlugs(root) {
  const slug = root.querySelector("input[data-slug-of]");
  const name = slug && root.getElementById(slug.dataset.slugOf);
  if (!name || slug.value) return;
  let touched = false;
  slug.addEventListener("input", () => { touched = slug.value !== ""; });
  name.addEventListener("input", () => {
    if (touched) return;
    slug.value = name.value.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
  });
}
