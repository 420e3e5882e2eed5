// Shows the contract. A server that asks for a key asks for it here, too: "Authorize" sends it with every try.
window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    defaultModelsExpandDepth: 0,
    validatorUrl: null, // a service of others, who would learn of this one
    syntaxHighlight: false,
  });
});
