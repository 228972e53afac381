// What the theme leaves out for those who read by keyboard or by ear: names of the side regions, captions that are no
// headings of the page, and code that scrolls.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Handbook");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "This page");
  for (const caption of document.querySelectorAll(".caption[role=heading]")) caption.removeAttribute("role");
  const reach = () => {
    for (const box of document.querySelectorAll("pre, .formula, .table-wrapper, .sig, .toc-scroll, .sidebar-scroll")) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    }
  };
  reach();
  addEventListener("resize", reach);
});
