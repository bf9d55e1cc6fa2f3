// Facts of a page for the accessibility test.
() => {
  const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const all = (selector) => [...document.querySelectorAll(selector)];
  const name = (element) =>
    element.getAttribute("aria-label") || element.labels?.[0]?.textContent || element.textContent.trim() || element.querySelector?.("img")?.alt;

  const part = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const color = (text) => text.match(/[\d.]+/g).map(Number);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const found = color(getComputedStyle(one).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const contrast = (element) => {
    const [one, two] = [light(color(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
    return (one + 0.05) / (two + 0.05);
  };
  const writes = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());

  const ids = all("[id]").map((element) => element.id);
  const width = document.documentElement.clientWidth;
  return {
    overflow: document.documentElement.scrollWidth - width,
    wide: all("main *, header *").filter((element) => element.getBoundingClientRect().right > width + 1).map((element) => element.outerHTML.slice(0, 120)),
    unnamed: all("input:not([type=hidden]), button, a, summary, select, textarea").filter((element) => !name(element)).map((element) => element.outerHTML),
    headings: all("h1").length,
    landmarks: all("main, header, nav, footer").length,
    twice: ids.filter((id, index) => ids.indexOf(id) !== index),
    faint: all("body *").filter((element) => writes(element) && shown(element) && contrast(element) < 4.5).map((element) => `${contrast(element).toFixed(2)}: ${element.outerHTML.slice(0, 120)}`),
    jumps: all("[tabindex]").filter((element) => element.tabIndex > 0).length,
  };
};
