// Runs before first paint: light or dark, and density, so that the page never flashes in the wrong ones.
(function () {
  var root = document.documentElement;
  var read = function (key) {
    try { return localStorage.getItem(key); } catch { return null; }
  };
  var scheme = read('hub-color-scheme') || 'auto';
  if (scheme !== 'light' && scheme !== 'dark') {
    scheme = window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  root.setAttribute('data-mantine-color-scheme', scheme);
  root.setAttribute('data-density', read('hub-density') === 'compact' ? 'compact' : 'normal');
  root.style.background = scheme === 'dark' ? '#17181a' : '#f6f7f9';
})();
