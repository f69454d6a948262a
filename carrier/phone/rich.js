// What a message shows beyond its words: buttons, lists, cards, suggestion chips, media, places. Text is never HTML.
"use strict";

const rich = (() => {
  const make = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    if (text) made.dir = "auto";
    return made;
  };

  function button(title, className, act) {
    const made = make("button", className, title);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }

  /** Addresses open in a tab of their own; the person's tap is told to the sender where the channel tells it. */
  function open(url) {
    if (/^https?:\/\//.test(url)) window.open(url, "_blank", "noopener,noreferrer");
  }

  function medium(part, kind, caption) {
    const box = make("div", `medium ${kind}`);
    if (part.file && (part.mime_type || "").startsWith("image/")) {
      const image = make("img");
      image.src = "/carrier/media?file=" + encodeURIComponent(part.file);
      image.alt = caption || kind;
      image.loading = "lazy";
      box.append(image);
      return box;
    }
    const names = { image: "🖼", video: "▶", audio: "♪", document: "📄", sticker: "🏷", file: "📎" };
    box.append(make("span", "glyph", names[kind] || "📎"));
    const name = part.filename || (part.link || "").split("?")[0].split("/").pop() || kind;
    box.append(make("span", "file-name", name));
    if (part.link) {
      const link = make("a", "", "Open");
      link.href = part.link;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      box.append(link);
    }
    return box;
  }

  function header(part) {
    if (!part) return [];
    if (part.type === "text") return [make("strong", "rich-title", part.text)];
    if (part.type === "location") return [place(part)];
    return [medium(part, part.type, "")];
  }

  function place(part) {
    const box = make("div", "place");
    box.append(make("span", "glyph", "📍"));
    const words = [part.name, part.address, `${part.latitude}, ${part.longitude}`].filter(Boolean).join(" · ");
    box.append(make("span", "file-name", words));
    return box;
  }

  // -- WhatsApp

  function interactive(message, tap) {
    const content = message.content;
    const shown = [...header(content.header), make("p", "rich-text", content.text)];
    if (content.footer) shown.push(make("p", "rich-footer", content.footer));
    const actions = make("div", "actions");
    for (const one of content.buttons || []) {
      actions.append(button(one.title, "action", () => tap(one.title, { type: "button_reply", id: one.id, to: message.sid })));
    }
    if (content.link) actions.append(button("↗ " + content.link.title, "action", () => open(content.link.url)));
    if (content.list) actions.append(list(message, content.list, tap));
    return [...shown, actions];
  }

  /** A list opens in place, as a sheet would; Escape and the button close it again. */
  function list(message, part, tap) {
    const box = make("details", "list");
    box.append(make("summary", "action", "☰ " + part.button));
    const rows = make("div", "rows");
    let section = "";
    for (const row of part.rows) {
      if (row.section && row.section !== section) rows.append(make("p", "section", (section = row.section)));
      const content = { type: "list_reply", id: row.id, to: message.sid };
      if (row.description) content.description = row.description;
      const line = button("", "row-choice", () => { box.open = false; tap(row.title, content); });
      line.append(make("span", "", row.title), make("small", "", row.description));
      rows.append(line);
    }
    box.addEventListener("keydown", (event) => { if (event.key === "Escape") box.open = false; });
    box.append(rows);
    return box;
  }

  function template(message, tap) {
    const content = message.content;
    const shown = [...header(content.header), make("p", "rich-text", content.text)];
    if (content.footer) shown.push(make("p", "rich-footer", content.footer));
    const actions = make("div", "actions");
    for (const one of content.buttons) {
      if (one.type === "quick_reply") {
        actions.append(button(one.title, "action", () => tap(one.title, { type: "button", id: one.payload, to: message.sid })));
      } else if (one.type === "url") actions.append(button("↗ " + one.title, "action", () => open(one.url)));
      else if (one.type === "phone_number") actions.append(button(`☎ ${one.title}`, "action", () => tap.note(one.number)));
      else actions.append(button("⧉ " + one.title, "action", () => navigator.clipboard?.writeText(one.payload).catch(() => {})));
    }
    return [...shown, actions];
  }

  // -- RCS

  function chips(suggestions, tap, className) {
    const row = make("div", className);
    const signs = { openUrlAction: "↗ ", dialAction: "☎ ", viewLocationAction: "📍 ", shareLocationAction: "📌 ", createCalendarEventAction: "📅 " };
    for (const one of suggestions || []) {
      row.append(button((signs[one.kind] || "") + one.title, "chip", () => {
        tap(one.title, { type: "suggestion", postback: one.postback, action: one.kind !== "reply" });
        if (one.url) open(one.url);
        if (one.number) tap.note(one.number);
        if (one.kind === "shareLocationAction") tap("", { type: "location", latitude: 52.5163, longitude: 13.3777 });
      }));
    }
    return suggestions?.length ? [row] : [];
  }

  function card(part, tap) {
    const box = make("article", "card");
    if (part.link) {
      const shown = medium({ link: part.link }, "image", part.title);
      shown.dataset.height = part.height.toLowerCase();
      box.append(shown);
    }
    if (part.title) box.append(make("strong", "rich-title", part.title));
    if (part.description) box.append(make("p", "rich-text", part.description));
    box.append(...chips(part.suggestions, tap, "card-chips"));
    return box;
  }

  function cards(message, tap) {
    const content = message.content;
    const row = make("div", content.type === "carousel" ? "carousel" : "single");
    if (content.type === "carousel") {
      row.tabIndex = 0;
      row.setAttribute("role", "group");
      row.setAttribute("aria-label", `${content.cards.length} cards, scroll sideways`);
    }
    row.append(...content.cards.map((one) => card(one, tap)));
    return [row, ...chips(content.suggestions, tap, "chips")];
  }

  /** The nodes of a message's bubble, or null for one that is a plain text. `tap(text, content)` answers it. */
  function shown(message, tap) {
    const content = message.content;
    if (!content) return null;
    switch (content.type) {
      case "interactive": return interactive(message, tap);
      case "template": return template(message, tap);
      case "card": case "carousel": return cards(message, tap);
      case "text": return content.suggestions?.length ? [make("p", "rich-text", content.text), ...chips(content.suggestions, tap, "chips")] : null;
      case "media": {
        const caption = content.caption ? [make("p", "rich-text", content.caption)] : [];
        return [medium(content, content.media || "file", content.caption), ...caption, ...chips(content.suggestions, tap, "chips")];
      }
      case "location": return [place(content)];
      default: return null;
    }
  }

  return { shown };
})();
