// What a page is asked once it stands in the browser, with axe-core beside it. `look` answers with
// sentences about faults, `watchFocus` notes where Tab goes, `missedByTab` says what it never
// reached or did not show.
window.portalInspector = (() => {
  // While it is looked at, a page stands still: what htmx replaced would count as never reached.
  document.addEventListener("htmx:beforeRequest", (event) => event.preventDefault());

  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";

  const isShown = (element) =>
    element.checkVisibility({ checkVisibilityCSS: true, contentVisibilityAuto: true }) &&
    element.getClientRects().length > 0;

  const name = (element) => {
    const text = (element.getAttribute("aria-label") || element.textContent || element.name || "").trim();
    return `<${element.localName}> ${text.replace(/\s+/g, " ").slice(0, 40)}`;
  };

  const sideways = () => {
    const width = document.documentElement.clientWidth;
    const over = document.documentElement.scrollWidth - width;
    if (over <= 0) return [];
    const wide = [...document.body.querySelectorAll("*")].filter(
      (element) => element.getBoundingClientRect().right > width + 0.5 && isShown(element),
    );
    return [`scrolls sideways by ${over} px: ${wide.slice(0, 3).map(name).join("; ")}`];
  };

  const headings = () => {
    const faults = [];
    const shown = [...document.querySelectorAll("h1, h2, h3, h4")].filter(isShown);
    const first = shown.filter((heading) => heading.localName === "h1").length;
    if (first !== 1) faults.push(`has ${first} h1`);
    shown.reduce((before, heading) => {
      const level = Number(heading.localName[1]);
      if (level > before + 1) faults.push(`${name(heading)} follows a heading of level ${before}`);
      return level;
    }, 0);
    return faults;
  };

  const drawings = () =>
    [...document.querySelectorAll("svg")]
      .filter((svg) => isShown(svg) && !svg.closest("[aria-hidden=true]"))
      .filter((svg) => svg.getAttribute("role") !== "img" || !(svg.getAttribute("aria-label") || svg.querySelector("title")))
      .map((svg) => `a drawing has no name: ${svg.outerHTML.slice(0, 80)}`);

  const cutOff = () =>
    [...document.querySelectorAll(".button, .status, .count, th, dt")]
      .filter((element) => isShown(element) && getComputedStyle(element).overflowX !== "visible")
      .filter((element) => element.scrollWidth > element.clientWidth + 1)
      .map((element) => `is cut off: ${name(element)}`);

  const reached = new Map();
  const watchFocus = () => {
    reached.clear();
    document.addEventListener("focusin", ({ target }) => {
      const style = getComputedStyle(target);
      const visible = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      reached.set(target, visible && isShown(target));
    });
    // A date with its time is a stop for each of its parts and one for the calendar.
    const stops = (element) => (element.type === "datetime-local" ? 8 : 1);
    const shown = [...document.querySelectorAll(CONTROLS)].filter(isShown);
    return shown.reduce((sum, element) => sum + stops(element), 0);
  };

  // Of a group of radio buttons, Tab reaches one.
  const isOneOfReached = (element) =>
    element.type === "radio" &&
    [...reached.keys()].some((other) => other.type === "radio" && other.name === element.name);

  const missedByTab = () => {
    const faults = [];
    for (const element of document.querySelectorAll(CONTROLS)) {
      if (!isShown(element) || element.disabled || element.tabIndex < 0) continue;
      if (!reached.has(element) && !isOneOfReached(element)) faults.push(`Tab never reaches ${name(element)}`);
    }
    for (const [element, visible] of reached)
      if (!visible && element.isConnected) faults.push(`focus does not show on ${name(element)}`);
    return faults;
  };

  const told = ({ id, help, nodes }) =>
    `${id}: ${help} (${nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ")})`;

  // Of axe's rules, `rules` names those to run; null runs all of them.
  const accessibility = async (rules) => {
    if (rules && rules.length === 0) return [];
    const options = { resultTypes: ["violations"], ...(rules && { runOnly: rules }) };
    return (await axe.run(options)).violations.map(told);
  };

  const look = async (rules) => [
    ...sideways(), ...headings(), ...drawings(), ...cutOff(), ...(await accessibility(rules)),
  ];
  return { look, watchFocus, missedByTab };
})();
