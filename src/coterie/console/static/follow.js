// Reloads a page that shows something under way, as long as nobody is using it.
export function followProgress(body) {
  const seconds = Number(body.dataset.follow || 0);
  if (!seconds) return;
  const tick = () => {
    const busy = document.hidden || document.querySelector("details[open]")
      || document.activeElement?.matches("input, textarea, select");
    if (busy) setTimeout(tick, seconds * 1000);
    else location.reload();
  };
  setTimeout(tick, seconds * 1000);
}
