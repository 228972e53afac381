// What the theme leaves out for those who read by keyboard or by ear: names of the side regions, and code that scrolls.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "Handbook");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "This page");
  const reach = () => {
    for (const box of document.querySelectorAll("pre, .formula, .table-wrapper, .sig, .toc-scroll, .sidebar-scroll")) {
      if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    }
  };
  reach();
  addEventListener("resize", reach);
});
