/** What a page is like for those who do not point, do not see well, listen, or want it still. */
(() => {
  if (window.__senses) return;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const plain = (text) => text.replace(/\s+/g, " ").trim();
  const short = (text) => plain(text).slice(0, 40);
  const CONTROLS = "button, a[href], input:not([type=hidden]), select, textarea, summary";

  /** The element and its words, for a finding. */
  function name(e) {
    const words = e.getAttribute("aria-label") || e.innerText || e.name || "";
    return `${e.localName}${e.id && "#" + e.id}.${e.className?.baseVal ?? e.className} “${short(words)}”`;
  }

  /** As it is read aloud: without what is hidden from that. */
  function spoken(node) {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeType !== Node.ELEMENT_NODE || !node.checkVisibility()) return "";
    if (node.getAttribute("aria-hidden") === "true") return "";
    return [...node.childNodes].map(spoken).join(" ");
  }

  /** Where the focus is, and whether that can be seen; null: nowhere. */
  function focus() {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const style = getComputedStyle(at);
    const { top, bottom, left, right } = at.getBoundingClientRect();
    let scrolled = 0; // so that places compare, whatever was scrolled meanwhile
    for (let place = at.parentElement; place; place = place.parentElement) scrolled += place.scrollTop;
    const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return {
      name: plain(at.getAttribute("aria-label") ?? at.labels?.[0]?.innerText ?? spoken(at)),
      area: at.closest("header, nav, main, aside, dialog")?.localName ?? "",
      top: top + scrolled,
      inside: bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
      acts: at.matches(`${CONTROLS}, [tabindex="0"]`),
      ring: at.matches(":focus-visible") && ringed,
    };
  }

  /** What lies beside the screen, under something else, or beyond the edge of its box. */
  function lost() {
    const front = document.querySelector("dialog[open], :popover-open") ?? document.body;
    const controls = all(`${CONTROLS}, [tabindex="0"]`, front).filter(seen);
    return [...sideways(), ...controls.flatMap(unreachable), ...cutTexts(front)];
  }

  function sideways() {
    return [document.documentElement, ...all("main")]
      .filter((e) => e.scrollWidth > e.clientWidth)
      .map((e) => `${e.localName} scrolls sideways: ${e.scrollWidth} of ${e.clientWidth} px`);
  }

  function unreachable(e) {
    e.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
    const box = e.getBoundingClientRect();
    const table = e.closest(".scroll") !== null; // which may be wider than the page
    if (!table && (box.left < -1 || box.right > innerWidth + 1)) return [`${name(e)} is beside the screen`];
    const within = (middle, size) => Math.min(Math.max(middle, 1), size - 2);
    const x = within(box.left + box.width / 2, innerWidth);
    const y = within(box.top + box.height / 2, innerHeight);
    const top = document.elementFromPoint(x, y);
    const off = box.bottom < 1 || box.top > innerHeight - 1;
    if (off || !top) return [`${name(e)} is off the screen`];
    return e.contains(top) || top.contains(e) ? [] : [`${name(e)} lies under ${name(top)}`];
  }

  function cutTexts(front) {
    const found = [];
    const walk = document.createTreeWalker(front, NodeFilter.SHOW_TEXT);
    const silent = "[aria-hidden=true], option, textarea, script, style";
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
      const e = text.parentElement;
      if (!text.data.trim() || !seen(e) || e.closest(silent)) continue;
      const cutter = cutting(text, e);
      const spilt = e.closest("button");
      if (spilt && ink(text).right > spilt.getBoundingClientRect().right + 1) found.push(`“${short(text.data)}” spills out of ${name(spilt)}`);
      if (cutter) found.push(`“${short(text.data)}” is cut off by ${name(cutter)}`);
    }
    return found;
  }

  /** Where the words themselves are. */
  function ink(text) {
    const range = document.createRange();
    range.selectNodeContents(text);
    return range.getBoundingClientRect();
  }

  /** The box that hides a part of this text for good: one that scrolls shows all of it. */
  function cutting(text, parent) {
    const words = ink(text);
    const shuts = (overflow) => /hidden|clip/.test(overflow);
    for (let box = parent; box && box !== document.documentElement; box = box.parentElement) {
      const { clipPath, overflowX, overflowY } = getComputedStyle(box);
      if (clipPath !== "none") return null; // for those who listen
      const edge = box.getBoundingClientRect();
      const wide = words.right > edge.right + 2 || words.left < edge.left - 2;
      const high = words.bottom > edge.bottom + 4 || words.top < edge.top - 4; // a line's own air
      if ((shuts(overflowX) && wide) || (shuts(overflowY) && high)) return box;
      if (/auto|scroll/.test(overflowX + overflowY)) return null;
    }
    return null;
  }

  /** What moves, or would. */
  function moving() {
    const long = (times) => times.split(",").some((time) => parseFloat(time) > 0.001);
    const found = document.getAnimations().map((one) => `runs: ${name(one.effect.target)}`);
    for (const e of all("*")) {
      const style = getComputedStyle(e);
      if (long(style.transitionDuration)) found.push(`transition: ${name(e)}`);
      if (style.animationName !== "none" && long(style.animationDuration)) found.push(`animation: ${name(e)}`);
      if (style.scrollBehavior === "smooth") found.push(`smooth scrolling: ${name(e)}`);
    }
    return found.slice(0, 12);
  }

  /** Controls of less than this width or height, in CSS px. */
  function small(least) {
    return all(CONTROLS)
      .filter(seen)
      .map((e) => [e, e.getBoundingClientRect()])
      .filter(([, box]) => Math.min(box.width, box.height) < least)
      .map(([e, box]) => `${name(e)}: ${Math.round(box.width)} by ${Math.round(box.height)}`);
  }

  /** From now on, `said` is what a screen reader says by itself: [live region, its words]. */
  function listen() {
    const regions = '[aria-live="polite"], [aria-live="assertive"], [role="status"], [role="alert"], [role="log"]';
    const known = new Map(all(regions).map((region) => [region, plain(spoken(region))]));
    const told = (changes) => {
      const touched = new Set();
      for (const { target, addedNodes } of changes) {
        const at = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
        for (let r = at?.closest(regions); r; r = r.parentElement?.closest(regions)) touched.add(r);
        for (const node of [at, ...addedNodes]) {
          if (node?.nodeType !== Node.ELEMENT_NODE) continue;
          for (const r of [node, ...all(regions, node)]) if (r.matches(regions)) touched.add(r);
        }
      }
      for (const region of touched) {
        const now = region.isConnected ? plain(spoken(region)) : "";
        const before = known.get(region) ?? "";
        known.set(region, now);
        if (now && now !== before) window.__senses.said.push([name(region), now]);
      }
    };
    new MutationObserver(told).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
      attributeFilter: ["hidden", "aria-hidden", "class"],
    });
  }

  /** What axe-core finds against these tags or rules. */
  async function violations(only) {
    const sizes = only.type === "tag" ? { "target-size": { enabled: true } } : {};
    const options = { runOnly: only, rules: sizes, resultTypes: ["violations"] };
    const { violations } = await axe.run(document, options);
    const why = (node) => [...node.any, ...node.all, ...node.none][0]?.message ?? "";
    return violations.map(({ id, help, nodes }) => ({
      id,
      help,
      at: nodes.slice(0, 5).map((node) => `${node.target.join(" ")}: ${why(node)}`),
    }));
  }

  window.__senses = { focus, lost, moving, small, listen, violations, said: [] };
})();
