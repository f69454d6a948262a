// The call screen: it rings, a person answers or declines, hears what is said in writing, presses keys, speaks, hangs up.
// Self-contained: `PhoneVoice.mount(screen, panel, api)`; api = { call(method, path, data), handset() }.
"use strict";

const PhoneVoice = (() => {
  const ENDED = new Set(["completed", "busy", "no-answer", "failed", "canceled"]);
  const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
  const WORDS = {
    queued: "Calling…", ringing: "Ringing…", "in-progress": "In the call", completed: "Call ended", busy: "Busy",
    "no-answer": "Nobody answered", failed: "The call failed", canceled: "The caller gave up",
  };
  const SHOWN_MS = 4000;

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function button(className, text, label, action) {
    const made = element("button", className, text);
    made.type = "button";
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", action);
    return made;
  }

  function mount(screen, panel, api) {
    let current = null;
    let timer = 0;
    let written = 0;

    const who = element("strong", "call-who");
    const state = element("span", "call-state");
    const lines = element("ol", "call-lines");
    lines.setAttribute("role", "log");
    lines.setAttribute("aria-label", "What is said");
    lines.tabIndex = 0;
    const problem = element("p", "error");
    problem.setAttribute("role", "alert");
    problem.hidden = true;
    const ringing = element("div", "call-buttons");
    ringing.append(
      button("call-button no", "Decline", "", () => act("decline")),
      button("call-button yes", "Answer", "", () => act("answer")),
    );
    const pad = element("div", "call-pad");
    pad.setAttribute("role", "group");
    pad.setAttribute("aria-label", "Keypad");
    for (const key of KEYS) pad.append(button("call-key", key, key === "*" ? "star" : key === "#" ? "hash" : "", () => act("keys", { keys: key })));
    const speak = element("form", "call-speak");
    const words = element("input");
    words.type = "text";
    words.maxLength = 500;
    words.autocomplete = "off";
    words.placeholder = "Say something";
    words.setAttribute("aria-label", "What you say");
    const send = element("button", "button", "Say");
    send.type = "submit";
    speak.append(words, send);
    speak.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = words.value.trim();
      if (!text) return;
      words.value = "";
      act("say", { text });
    });
    const talking = element("div", "call-talking");
    talking.append(pad, speak, button("call-button no wide", "Hang up", "", () => act("hang_up")));
    screen.classList.add("call");
    screen.setAttribute("role", "dialog");
    screen.setAttribute("aria-label", "Call");
    screen.hidden = true;
    screen.append(who, state, lines, problem, ringing, talking);

    async function act(what, more) {
      if (!current) return;
      problem.hidden = true;
      try {
        take(await api.call("POST", "/carrier/call", { sid: current.sid, do: what, ...more }));
      } catch (error) {
        problem.textContent = error.message;
        problem.hidden = false;
      }
    }

    function line(step) {
      const text = {
        say: step.text, play: step.text && `♪ ${step.text}`, pause: "…", recorded: `You spoke for ${step.seconds} s`,
        left: "You wait", joined: step.muted ? "You listen, and nobody hears you" : "You are connected", tones: step.digits && `Tones: ${step.digits}`,
        dialled: step.number && `Connecting to ${step.number}: ${step.status}`, error: `Error ${step.code}: ${step.words}`,
      }[step.did];
      if (step.did === "gathered" && (step.digits || step.speech)) return element("li", "mine", step.digits || step.speech);
      if (step.did === "said") return element("li", "mine", step.text);
      if (step.did === "heard") return element("li", "theirs", step.text);
      return text ? element("li", step.did === "say" ? "theirs" : "note", text) : null;
    }

    function take(call) {
      if (current && call.sid !== current.sid && !ENDED.has(current.status)) return; // one call at a time
      if (!current && ENDED.has(call.status)) return; // an old one
      if (current?.sid === call.sid && call.log.length < current.log.length) return; // an answer that news has overtaken
      if (!current || call.sid !== current.sid) {
        written = 0;
        lines.replaceChildren();
      }
      const rang = current?.status;
      current = call;
      clearTimeout(timer);
      who.textContent = call.label || call.number;
      state.textContent = WORDS[call.status] || call.status;
      for (; written < call.log.length; written += 1) {
        const made = line(call.log[written]);
        if (made && !(made.textContent === "…" && lines.lastChild?.textContent === "…")) lines.append(made);
      }
      lines.scrollTop = lines.scrollHeight;
      const over = ENDED.has(call.status);
      ringing.hidden = over || call.direction === "inbound" || call.status === "in-progress";
      talking.hidden = call.status !== "in-progress";
      const opened = screen.hidden;
      screen.hidden = false;
      if ((opened || rang !== call.status) && !ringing.hidden) ringing.lastChild.focus();
      if (over) timer = setTimeout(close, SHOWN_MS);
    }

    function close() {
      screen.hidden = true;
      current = null;
    }

    /** The numbers that take calls, and a call that is under way already. */
    async function load() {
      close();
      const accounts = (await api.call("GET", "/carrier/accounts")).accounts;
      const numbers = accounts.flatMap((account) => account.numbers).filter((number) => number.voice_url);
      panel.hidden = !numbers.length || !api.handset();
      panel.replaceChildren(element("span", "label", "Call"), ...numbers.map((number) => button(
        "button quiet call-out", `☎ ${number.label || number.address}`, `Call ${number.label || number.address}`,
        async () => {
          try {
            take(await api.call("POST", "/carrier/calls", { from: api.handset(), to: number.address }));
          } catch (error) {
            problem.textContent = error.message;
            problem.hidden = false;
          }
        })));
      if (!api.handset()) return;
      const found = await api.call("GET", "/carrier/calls?handset=" + encodeURIComponent(api.handset()));
      const open = found.calls.find((call) => !ENDED.has(call.status));
      if (open) take(open);
    }

    return { take, load };
  }

  return { mount };
})();
