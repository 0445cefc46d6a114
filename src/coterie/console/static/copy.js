// Adds a Copy button beside each input that carries data-copy.
export function offerCopies(root) {
  if (!navigator.clipboard) return;
  for (const input of root.querySelectorAll("input[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(input.value);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
    input.insertAdjacentElement("afterend", button);
  }
}
