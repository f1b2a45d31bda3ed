// The little that pages cannot do without script: appearance without a reload, copying, menus that
// close, messages that go. Everything else works without it.

const on = (type, selector, act) =>
  document.addEventListener(type, (event) => {
    const target = event.target instanceof Element && event.target.closest(selector);
    if (target) act(target, event);
  });

// Appearance: the form works by itself; here it needs no reload. The server reads the cookie, so
// that the next page comes in the right colours at once.
function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
function showThemeButton() {
  const button = document.querySelector("[data-theme-form] button");
  if (!button) return;
  button.value = isDark() ? "light" : "dark";
  const use = button.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, isDark() ? "#sun" : "#moon"));
  button.querySelector("svg").setAttribute("aria-label", isDark() ? "Light appearance" : "Dark appearance");
}
on("submit", "[data-theme-form]", (form, event) => {
  event.preventDefault();
  const theme = isDark() ? "light" : "dark";
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `portal_theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
  document.documentElement.dataset.theme = theme;
  showThemeButton();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showThemeButton);
showThemeButton();

// Copying: data-copy names the text, or the code beside the button is taken.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(area); // pages over plain HTTP have no clipboard but this
  area.select();
  document.execCommand("copy");
  area.remove();
}
on("click", "[data-copy]", async (button) => {
  const label = button.querySelector("span") ?? button;
  const before = label.textContent;
  await copy(button.dataset.copy || button.parentElement.querySelector("code").textContent);
  label.textContent = "Copied";
  setTimeout(() => (label.textContent = before), 2000);
});

on("click", "[data-close]", (button) => button.closest(".note").remove());
on("click", "[data-back]", () => history.back());

// Menus: the phone's opens and closes; a person's closes when one clicks elsewhere or leaves it.
on("click", ".menu-button", (button) => {
  const list = document.getElementById(button.getAttribute("aria-controls"));
  button.setAttribute("aria-expanded", String(list.classList.toggle("is-open")));
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Logs show their end, and stay there while lines are added unless one has scrolled up.
let atEnd = true;
function followLogs() {
  for (const log of document.querySelectorAll("[data-follow]")) if (atEnd) log.scrollTop = log.scrollHeight;
}
document.addEventListener("htmx:beforeSwap", (event) => {
  const log = event.detail.target.querySelector?.("[data-follow]");
  if (log) atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 8;
  // A session that ended answers a refresh with the login page, which is no fragment.
  if (new URL(event.detail.xhr.responseURL).pathname.startsWith("/login/")) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});
document.addEventListener("htmx:afterSettle", followLogs);
followLogs();

// What scrolls sideways can be reached by Tab, which not every browser sees to by itself.
function letKeysScroll() {
  for (const box of document.querySelectorAll(".table-scroll, .chart-scroll, .chart-line, .tabs"))
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
}
addEventListener("resize", letKeysScroll);
document.addEventListener("htmx:afterSettle", letKeysScroll);
document.addEventListener("toggle", letKeysScroll, true);
letKeysScroll();

// The absolute time in the reader's own zone joins the one in UTC.
on("mouseover", "time[datetime]", (time) => {
  if (time.dataset.local) return;
  time.dataset.local = new Date(time.dateTime).toLocaleString();
  time.title += ` · ${time.dataset.local} local`;
});
