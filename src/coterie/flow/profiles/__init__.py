"""Stage: values fold into profiles."""
