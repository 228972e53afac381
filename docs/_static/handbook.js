// What the theme leaves out for those who read by keyboard or by ear: names of the side regions, captions that are no
// headings of the page, a heading of the search, and code that scrolls.
document.addEventListener("DOMContentLoaded", () => {
  const chinese = document.documentElement.lang.startsWith("zh");
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", chinese ? "手册" : "Handbook");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", chinese ? "本页" : "This page");
  const article = document.querySelector("article");
  if (article && !article.querySelector("h1")) {
    article.prepend(Object.assign(document.createElement("h1"), {textContent: "Search"}));
  }
  for (const caption of document.querySelectorAll(".caption[role=heading]")) caption.removeAttribute("role");
  const reach = () => {
    for (const box of document.querySelectorAll("pre, .formula, .table-wrapper, .sig, .toc-scroll, .sidebar-scroll")) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    }
  };
  reach();
  addEventListener("resize", reach);
});
