// Before the first paint, so that a dark page never flashes white. A file, since inline scripts are forbidden here.
;(function () {
  var wanted = null
  try { wanted = localStorage.getItem('pic.theme') } catch (_) { /* storage may be off */ }
  var dark = wanted === 'dark' || (wanted !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.classList.toggle('dark', dark)
})()
