// Runs a compiled program with values from the environment: URL=... KEY=... node run.mjs deposit URL KEY
//
// Prints what it returns, and exits with 1 if it throws.

const [name, ...variables] = process.argv.slice(2);
const { [name]: program } = await import(`../generated/javascript/typescript/${name}.js`);
const told = await program(...variables.map((variable) => process.env[variable]));
console.log([told].flat().join("\n"));
