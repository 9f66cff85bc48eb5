// The token: read from the address's fragment, kept by the browser, never left in the address bar.

const KEY = "banban.token";

/** The token of an address such as "http://…/control#token=…", or of such a fragment, or "". */
export function tokenIn(text) {
  const found = /[#?&]token=([^&#\s]+)/.exec(text);
  if (!found) return "";
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return "";
  }
}

/** The one in the address, which is cleaned of it; else the one of this tab, else the one used last here. */
export function takeToken() {
  const given = tokenIn(location.hash);
  if (given) {
    keepToken(given);
    history.replaceState(null, "", location.pathname + location.search);
    return given;
  }
  return read("sessionStorage") || read("localStorage");
}

/** Two tabs of one browser may have different ones; a new tab gets the latest. */
export function keepToken(token) {
  write("sessionStorage", token);
  write("localStorage", token);
}

/** It was refused. Another that the browser keeps by now is left alone. */
export function forgetToken(token) {
  for (const store of ["sessionStorage", "localStorage"]) {
    if (read(store) === token) write(store, "");
  }
}

function read(store) {
  try {
    return window[store].getItem(KEY) ?? "";
  } catch {
    return ""; // the browser keeps nothing
  }
}

function write(store, token) {
  try {
    if (token) window[store].setItem(KEY, token);
    else window[store].removeItem(KEY);
  } catch {
    // then it lasts as long as this page
  }
}
