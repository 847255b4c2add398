/* The conversations that the service keeps for a key, as the console lists them. Elements are made by brain-assistant.js. */
"use strict";

window.past = ({ request, box, words, isOpen, open, remove }) => {
  const { el } = customElements.get("brain-assistant").parts;
  const PAGE = 20;
  let listed = [];
  let next = null;

  /** The conversations that were continued last; with `after`, those before them too. */
  async function load(after = null) {
    const found = await request("GET", `/v1/conversations?limit=${PAGE}${after ? `&after=${after}` : ""}`);
    listed = [...(after ? listed : []), ...found.conversations];
    next = found.next;
    show();
  }

  function show() {
    const t = words();
    const asked = listed.filter(({ title }) => title); // nothing was answered in the others
    const more = () => el("button", { type: "button", onclick: () => load(next).catch(() => {}) }, t.older);
    box.replaceChildren(...(asked.length ? [el("h2", {}, t.kept), el("ol", {}, ...asked.map(itemOf)), next ? more() : ""] : []));
  }

  function itemOf(talk) {
    const t = words();
    const day = new Date(talk.updated_at).toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "long" });
    return el(
      "li",
      { class: "kept" },
      el(
        "button",
        { type: "button", "aria-current": isOpen(talk.id) && "true", onclick: () => open(talk.id) },
        talk.title,
        el("span", { class: "note" }, day),
      ),
      el("button", { type: "button", class: "gone", "aria-label": t.remove(talk.title), title: t.remove(talk.title), onclick: () => remove(talk) }, "×"),
    );
  }

  return { load, show };
};
