// Parse formulas with the MathJax of the book.
// argv: the MathJax folder; stdin: {macros, items: [{id, tex, display}]};
// stdout: [{id, tex, error}] for those that do not parse.
const root = process.argv[2];
const {macros, items} = JSON.parse(require('fs').readFileSync(0, 'utf8'));

function errorIn(MathJax, tex, display) {
  try {
    const mathml = MathJax.tex2mml(tex, {display});
    return /<merror|mathcolor="red"/.test(mathml) ? mathml.slice(0, 300) : null;
  } catch (error) {
    return error.message;
  }
}

require(root + '/node-main.js').init({
  loader: {paths: {mathjax: root}, load: ['input/tex-full', 'adaptors/liteDOM']},
  tex: {
    // Without these three an unknown macro is an error instead of red text.
    packages: {'[-]': ['bussproofs', 'noerrors', 'noundefined']},
    formatError: (jax, error) => { throw error; },
    macros,
  },
}).then(MathJax => {
  const bad = items
    .map(({id, tex, display}) => ({id, tex, error: errorIn(MathJax, tex, display)}))
    .filter(({error}) => error !== null);
  console.log(JSON.stringify(bad));
}).catch(error => { console.error(error); process.exit(2); });
