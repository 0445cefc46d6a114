// Conveniences only: every page works without any of this.
import { offerCopies } from "./copy.js";
import { followProgress } from "./follow.js";
import { offerFilters } from "./filter.js";
import { suggestSlugs } from "./slug.js";

offerCopies(document);
offerFilters(document);
suggestSlugs(document);
followProgress(document.body);
