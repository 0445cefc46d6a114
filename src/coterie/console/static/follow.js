// Reloads a page that shows something under way, as long as nobody is using it.

// A reload of the page's own accord is no click: with this cookie the server lets the session go on idling out.
const NO_CLICK = "coterie_following";

export function followProgress(body) {
  document.cookie = `${NO_CLICK}=; path=${location.pathname}; max-age=0; samesite=strict`;
  const seconds = Number(body.dataset.follow || 0);
  if (!seconds) return;
  const tick = () => {
    const busy = document.hidden || document.querySelector("details[open]")
      || document.activeElement?.matches("input, textarea, select");
    if (busy) setTimeout(tick, seconds * 1000);
    else {
      document.cookie = `${NO_CLICK}=1; path=${location.pathname}; max-age=10; samesite=strict`;
      location.reload();
    }
  };
  setTimeout(tick, seconds * 1000);
}
