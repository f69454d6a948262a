// The phone page: a person plays the contact. Plain DOM, text only: no message text is ever parsed as HTML.
"use strict";

const $ = (id) => document.getElementById(id);
const KEPT = 500;
const TYPING_MS = 6000;
const IDLE_MS = 3000;
const STATES = {
  queued: ["", "Queued"], accepted: ["", "Queued"], sending: ["", "Sending…"], retrying: ["", "Trying again…"],
  sent: ["✓", "Sent"], delivered: ["✓✓", "Delivered"], read: ["✓✓", "Read"],
  expired: ["", "Expired"], revoked: ["", "Taken back"], undelivered: ["", "Not delivered"], failed: ["", "Not delivered"],
};
const NAMES = { sms: "SMS", whatsapp: "WhatsApp", rcs: "RCS" };
const state = {
  me: "", channel: "sms", to: "", token: read("token", sessionStorage), numbers: [], recent: [],
  messages: new Map(), seen: new Map(), drafts: new Map(), stream: null, wait: 500, typing: 0,
};

function read(key, store = localStorage) {
  try { return store.getItem("phone." + key) || ""; } catch { return ""; }
}
function keep(key, value, store = localStorage) {
  try { store.setItem("phone." + key, value); } catch { /* private window: the page works without */ }
}
function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// ---------------------------------------------------------------- the carrier

async function call(method, path, data) {
  const headers = {};
  if (state.token) headers["x-carrier-token"] = state.token;
  if (data !== undefined) headers["content-type"] = "application/json";
  const response = await fetch(path, { method, headers, body: data === undefined ? undefined : JSON.stringify(data) });
  if (response.status === 401) { state.stream?.abort(); askToken(); throw new Error("A token is needed."); }
  const body = response.headers.get("content-type")?.includes("json") ? await response.json() : null;
  if (!response.ok) throw new Error(body?.error || `The carrier answered ${response.status}.`);
  return body;
}

const voice = PhoneVoice.mount($("call"), $("call-out"), { call, handset: () => state.me });

function askToken() {
  $("token-error").hidden = !state.token;
  if (!$("token-dialog").open) $("token-dialog").showModal();
}

async function load() {
  const data = await call("GET", "/carrier/phone?handset=" + encodeURIComponent(state.me));
  state.numbers = data.numbers;
  state.recent = data.recent;
  state.messages.clear();
  for (const message of data.messages) state.messages.set(message.sid, message);
  if (!numbersHere().some((number) => number.address === state.to)) state.to = numbersHere()[0]?.address || "";
  renderAll();
  await voice.load();
}

/** Follow the events of this handset; comes back by itself, and loads anew each time so nothing is missed. */
async function follow() {
  state.stream?.abort();
  const control = (state.stream = new AbortController());
  while (!control.signal.aborted) {
    try {
      if (!state.me) { // nobody to follow yet: only the tenants' numbers are looked up now and then
        await load();
        link("idle", "Choose a number to begin");
        await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
        continue;
      }
      const headers = state.token ? { "x-carrier-token": state.token } : {};
      const path = "/carrier/stream?handset=" + encodeURIComponent(state.me);
      const response = await fetch(path, { headers, signal: control.signal });
      if (response.status === 401) { askToken(); return; }
      if (!response.ok) throw new Error(`The carrier answered ${response.status}.`);
      await load();
      link("live", "Live");
      $("send-error").hidden = true;
      state.wait = 500;
      await readEvents(response.body.getReader(), control.signal);
    } catch (error) {
      if (control.signal.aborted) return;
    }
    if (control.signal.aborted) return;
    link("down", "The carrier does not answer. Trying again…");
    await new Promise((resolve) => setTimeout(resolve, state.wait));
    state.wait = Math.min(state.wait * 2, 8000);
  }
}

async function readEvents(reader, signal) {
  const decoder = new TextDecoder();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done || signal.aborted) return;
    buffer += decoder.decode(value, { stream: true });
    let end;
    while ((end = buffer.indexOf("\n\n")) >= 0) {
      const block = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      const name = /^event: (.*)$/m.exec(block)?.[1];
      if (name) take(name, JSON.parse(/^data: (.*)$/m.exec(block)[1]));
    }
  }
}

function take(name, data) {
  if (name === "message") takeMessage(data);
  else if (name === "call") voice.take(data);
  else if (name === "typing") showTyping(data);
  else load().catch(() => {}); // numbers changed, or the log was emptied
}

function takeMessage(message) {
  const known = state.messages.has(message.sid);
  state.messages.set(message.sid, message);
  if (state.messages.size > KEPT) state.messages.delete(state.messages.keys().next().value);
  if (inThread(message)) {
    if (message.direction === "outbound") clearTyping();
    if (known) $("messages").querySelector(`[data-sid="${CSS.escape(message.sid)}"]`)?.replaceWith(bubble(message));
    else append(message);
    markSeen();
  }
  renderThreads();
}

// ---------------------------------------------------------------- what is shown

const numbersHere = () => state.numbers.filter((number) => number.channel === state.channel);
const draftKey = () => [state.me, state.channel, state.to].join(" ");
const inThread = (m) => m.channel === state.channel && m.number === state.to;
const threadOf = (channel, address) =>
  [...state.messages.values()].filter((m) => m.channel === channel && m.number === address);
const arrived = (m) => m.direction === "outbound" && (m.state === "delivered" || m.state === "read");
const time = (iso) => new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function hue(text) {
  let sum = 7;
  for (const char of text) sum = (sum * 31 + char.codePointAt(0)) % 360;
  return String(sum);
}
function initials(number) {
  const words = (number.label || "").split(/\s+/).filter(Boolean);
  return words.length ? words.slice(0, 2).map((word) => [...word][0].toUpperCase()).join("") : "#";
}
function pretty(address) {
  const us = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(address);
  return us ? `+1 ${us[1]} ${us[2]} ${us[3]}` : address;
}

function renderAll() {
  renderRecent();
  renderThreads();
  renderChat();
}

function renderRecent() {
  const shown = [...new Set([...(state.me ? [state.me] : []), ...ownNumbers(), ...state.recent])].slice(0, 8);
  $("recent").hidden = !shown.length;
  $("recent").replaceChildren(...shown.map((address) => {
    const button = element("button", "", pretty(address));
    button.type = "button";
    button.setAttribute("aria-pressed", String(address === state.me));
    button.addEventListener("click", () => become(address));
    return button;
  }));
}

function renderThreads() {
  const numbers = numbersHere();
  $("no-numbers").hidden = numbers.length > 0;
  if (!numbers.length) {
    const other = state.numbers.length > 0;
    $("no-numbers").textContent = other
      ? `No tenant has a ${NAMES[state.channel]} number here yet. Try the other channel.`
      : "No tenant has registered a number with this carrier yet. Numbers appear here by themselves.";
  }
  const focused = document.activeElement?.closest?.("#threads button")?.dataset.address;
  $("threads").replaceChildren(...numbers.map(threadItem));
  if (focused) $("threads").querySelector(`[data-address="${CSS.escape(focused)}"]`)?.focus();
}

function threadItem(number) {
  const messages = threadOf(number.channel, number.address);
  const last = messages.at(-1);
  const seen = state.seen.get(number.channel + number.address) || 0;
  const unread = messages.filter((m) => arrived(m) && m.state !== "read" && m.seq > seen).length;
  const item = element("li");
  const button = element("button");
  button.type = "button";
  button.dataset.address = number.address;
  if (number.address === state.to) button.setAttribute("aria-current", "true");
  const avatar = element("span", "avatar", initials(number));
  avatar.style.setProperty("--hue", hue(number.label || number.address));
  avatar.setAttribute("aria-hidden", "true");
  const name = element("span", "name", number.label || pretty(number.address));
  name.dir = "auto";
  const preview = element("span", "preview", last ? last.body.slice(0, 120) : pretty(number.address));
  preview.dir = "auto";
  button.append(avatar, name, element("time", "", last ? time(last.created_at) : ""), preview);
  if (unread && number.address !== state.to) {
    const badge = element("span", "unread", String(unread));
    badge.setAttribute("aria-label", `${unread} unread`);
    button.append(badge);
  }
  button.addEventListener("click", () => open(number.address, true));
  item.append(button);
  return item;
}

function renderChat() {
  const number = numbersHere().find((one) => one.address === state.to);
  const ready = Boolean(state.me && number);
  $("device").dataset.channel = state.channel;
  $("chat-head").hidden = !ready;
  $("composer").hidden = !ready;
  $("name-field").hidden = state.channel !== "whatsapp";
  $("messages").replaceChildren();
  $("to-end").hidden = true;
  if (ready) {
    $("who").textContent = number.label || pretty(number.address);
    $("who-detail").textContent = pretty(number.address);
    $("avatar").textContent = initials(number);
    $("avatar").style.setProperty("--hue", hue(number.label || number.address));
    $("channel-tag").textContent = NAMES[state.channel];
    $("text").value = state.drafts.get(draftKey()) || "";
    $("text").placeholder = state.channel === "sms" ? "Text message" : "Message";
    clearTyping();
    for (const message of threadOf(state.channel, state.to)) append(message, true);
    $("chat").scrollTop = $("chat").scrollHeight;
    markSeen();
  }
  renderEmpty(number);
  countParts();
  const query = new URLSearchParams();
  if (state.me) query.set("me", state.me);
  query.set("channel", state.channel);
  if (state.to) query.set("to", state.to);
  history.replaceState(null, "", "?" + query);
}

function renderEmpty(number) {
  $("empty").hidden = $("messages").childElementCount > 0;
  const say = (title, words) => { $("empty-title").textContent = title; $("empty-words").textContent = words; };
  if (!state.me) say("Who are you?", "Enter a number, or take a new one, and play the contact.");
  else if (!number) say("Nobody to write to", "Numbers of tenants appear by themselves once they are set up.");
  else say("No messages yet", `Write to ${number.label || pretty(number.address)}, or wait for what arrives.`);
}

function bubble(message) {
  const mine = message.direction === "inbound";
  const [ticks, words] = STATES[message.state] || ["", message.state];
  const item = element("li", `message ${mine ? "mine" : "theirs"} ${message.state}`);
  if (message.state === "failed" || message.state === "undelivered") item.classList.add("failed");
  if (!mine && !arrived(message) && !item.classList.contains("failed")) item.classList.add("waiting");
  if (/^\p{Extended_Pictographic}{1,3}$/u.test(message.body.replace(/[\u200d\ufe0f]/g, ""))) item.classList.add("big");
  item.dataset.sid = message.sid;
  item.dataset.day = new Date(message.created_at).toDateString();
  const text = element("div", "bubble", message.body);
  text.dir = "auto";
  const parts = rich.shown(message, tap);
  if (parts) {
    item.classList.add("rich");
    item.classList.toggle("cards", ["card", "carousel"].includes(message.content.type));
    text.replaceChildren(...parts);
  }
  const meta = element("div", "meta");
  meta.append(element("time", "", time(message.created_at)));
  if (ticks) {
    const mark = element("span", "ticks", ticks);
    mark.setAttribute("aria-hidden", "true");
    meta.append(mark);
  }
  const code = message.error_code ? ` · ${message.error_code}` : "";
  const why = message.error_message ? ` ${message.error_message}` : "";
  meta.append(element("span", "state", words + code + why));
  meta.title = message.states.map((step) => `${step.state} ${new Date(step.at).toLocaleTimeString()}`).join("\n");
  item.append(text, meta);
  return item;
}

function append(message, quiet) {
  const chat = $("chat");
  const atEnd = chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80;
  const item = bubble(message);
  const before = $("messages").lastElementChild;
  if (before?.dataset.day !== item.dataset.day) {
    const today = new Date().toDateString() === item.dataset.day;
    const day = new Date(message.created_at).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
    $("messages").append(element("li", "day", today ? "Today" : day));
  } else if (before.classList.contains("mine") === item.classList.contains("mine")) {
    item.classList.add("follows");
  }
  $("messages").append(item);
  $("empty").hidden = true;
  while ($("messages").childElementCount > KEPT) $("messages").firstElementChild.remove();
  if (quiet) return;
  if (atEnd || message.direction === "inbound") chat.scrollTop = chat.scrollHeight;
  else $("to-end").hidden = false;
}

function link(kind, words) {
  $("link").dataset.state = kind;
  $("link").textContent = words;
}

function showTyping(data) {
  if (data.channel !== state.channel || data.number !== state.to) return;
  clearTimeout(state.typing);
  $("who-detail").textContent = "typing…";
  $("who-detail").classList.add("typing");
  state.typing = setTimeout(clearTyping, TYPING_MS);
}
function clearTyping() {
  clearTimeout(state.typing);
  $("who-detail").classList.remove("typing");
  $("who-detail").textContent = pretty(state.to);
}

/** An open thread counts as seen; on WhatsApp the sender is told so. */
let reading = false;
async function markSeen() {
  if (document.visibilityState !== "visible" || !state.to) return;
  const phoneOnly = matchMedia("(max-width: 760px)").matches;
  if (phoneOnly && !document.body.classList.contains("in-thread")) return;
  const messages = threadOf(state.channel, state.to);
  state.seen.set(state.channel + state.to, messages.at(-1)?.seq || 0);
  if (state.channel === "sms" || reading || !messages.some((m) => m.direction === "outbound" && m.state === "delivered")) return;
  reading = true;
  try {
    await call("POST", "/carrier/read", { handset: state.me, to: state.to, channel: state.channel });
  } catch { /* the next message tries again */ } finally { reading = false; }
}

// ---------------------------------------------------------------- what the person does

function ownNumbers() {
  try { return JSON.parse(read("own") || "[]").filter((one) => typeof one === "string").slice(0, 8); } catch { return []; }
}

function become(address) {
  const cleaned = address.replace(/[\s().-]/g, "").replace(/^00/, "+").replace(/^(\d)/, "+$1");
  const good = /^\+[1-9]\d{6,14}$/.test(cleaned);
  $("me-error").hidden = good;
  $("me").setAttribute("aria-invalid", String(!good));
  if (!good) {
    $("me-error").textContent = "Write it with country code, 7 to 15 digits: +1 555 000 1234.";
    $("me").focus();
    return;
  }
  if (cleaned !== state.me) state.seen.clear();
  state.me = cleaned;
  $("me").value = pretty(cleaned);
  keep("own", JSON.stringify([cleaned, ...ownNumbers().filter((one) => one !== cleaned)].slice(0, 8)));
  follow();
}

function open(address, focus) {
  state.to = address;
  document.body.classList.add("in-thread");
  renderThreads();
  renderChat();
  if (focus && state.me) $("text").focus();
}

const GSM = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà\f^{}\\[~\]|€]*$/;
function countParts() {
  const text = $("text").value;
  const box = $("parts");
  $("send").disabled = !text.trim();
  if (state.channel !== "sms" || text.length < 60) { box.textContent = ""; return; }
  const gsm = GSM.test(text);
  const size = gsm ? [...text].reduce((sum, char) => sum + ("\f^{}\\[~]|€".includes(char) ? 2 : 1), 0) : text.length;
  const [one, many] = gsm ? [160, 153] : [70, 67];
  const parts = size <= one ? 1 : Math.ceil(size / many);
  box.textContent = `${size} · ${parts} ${parts === 1 ? "part" : "parts"}`;
}

/** A tap on something that a message shows: answered as the channel answers it. */
function tap(text, content) {
  return send(text, content);
}
tap.note = (number) => link("live", `Would call ${number}`);

async function send(text, content) {
  $("send-error").hidden = true;
  const data = { from: state.me, to: state.to, channel: state.channel, text };
  if (content) data.content = content;
  if (state.channel === "whatsapp" && $("name").value.trim()) data.profile_name = $("name").value.trim();
  try {
    await call("POST", "/carrier/inbound?wait=no", data);
    return true;
  } catch (error) {
    $("send-error").textContent = error instanceof TypeError ? "Not sent: the carrier does not answer." : `Not sent: ${error.message}`;
    $("send-error").hidden = false;
    return false;
  }
}

async function sendTyped() {
  const text = $("text").value;
  if (!text.trim() || $("send").disabled) return;
  $("send").disabled = true;
  const draft = draftKey();
  if (await send(text)) {
    state.drafts.delete(draft);
    if (draft === draftKey()) $("text").value = "";
  }
  countParts();
  $("text").focus();
}

// ---------------------------------------------------------------- wiring

const THEMES = { "": ["◐", "as the system"], light: ["☀", "light"], dark: ["☾", "dark"] };
function setTheme(theme) {
  if (!(theme in THEMES)) theme = "";
  document.documentElement.dataset.theme = theme;
  $("theme").textContent = THEMES[theme][0];
  $("theme").setAttribute("aria-label", "Colours: " + THEMES[theme][1]);
  keep("theme", theme);
}

$("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES);
  setTheme(names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length]);
});
$("me-form").addEventListener("submit", (event) => { event.preventDefault(); become($("me").value); });
$("fresh").addEventListener("click", () => {
  const digits = crypto.getRandomValues(new Uint32Array(1))[0] % 10000000;
  become("+1555" + String(digits).padStart(7, "0"));
});
for (const radio of document.querySelectorAll("input[name=channel]")) {
  radio.addEventListener("change", () => {
    state.channel = radio.value;
    state.to = numbersHere()[0]?.address || "";
    renderAll();
  });
}
$("name").addEventListener("change", () => keep("name", $("name").value));
$("composer").addEventListener("submit", (event) => { event.preventDefault(); sendTyped(); });
$("text").addEventListener("input", () => { state.drafts.set(draftKey(), $("text").value); countParts(); });
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); sendTyped(); }
});
$("quick").addEventListener("click", (event) => {
  if (event.target.tagName === "BUTTON") send(event.target.textContent);
});
$("to-end").addEventListener("click", () => { $("chat").scrollTop = $("chat").scrollHeight; $("to-end").hidden = true; });
$("chat").addEventListener("scroll", () => {
  const chat = $("chat");
  if (chat.scrollHeight - chat.scrollTop - chat.clientHeight < 40) $("to-end").hidden = true;
});
$("back").addEventListener("click", () => document.body.classList.remove("in-thread"));
$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  state.token = $("token").value;
  keep("token", state.token, sessionStorage);
  $("token-dialog").close();
  follow();
});
document.addEventListener("visibilitychange", markSeen);
function tick() {
  $("clock").textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

setTheme(read("theme"));
tick();
setInterval(tick, 5000);
const asked = new URLSearchParams(location.search);
if (["whatsapp", "rcs"].includes(asked.get("channel"))) {
  state.channel = asked.get("channel");
  document.querySelector(`input[value=${state.channel}]`).checked = true;
}
state.to = asked.get("to") || "";
if (state.to && asked.get("me")) document.body.classList.add("in-thread");
$("name").value = read("name");
const start = asked.get("me") || ownNumbers()[0] || "";
if (start) become(start);
else { renderAll(); follow(); }
