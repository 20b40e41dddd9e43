(() => {
  const box = document.getElementById("find");
  const said = document.getElementById("found");
  const entries = [...document.querySelectorAll(".entry")];
  const today = new Date().toISOString().slice(0, 10);
  for (const mark of document.querySelectorAll("[data-until]")) {
    if (mark.dataset.until < today) mark.hidden = false;
  }
  const show = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const entry of entries) {
      const fits = words.every((word) => entry.dataset.words.includes(word));
      entry.hidden = !fits;
      count += fits;
    }
    for (const part of document.querySelectorAll(".group, .region")) {
      part.hidden = !part.querySelector(".entry:not([hidden])");
    }
    said.textContent = words.length ? `${count} of ${entries.length} codes` : "";
  };
  box.closest(".search").hidden = false;
  box.addEventListener("input", show);
  if (location.hash.startsWith("#find=")) box.value = decodeURIComponent(location.hash.slice(6));
  show();
})();
