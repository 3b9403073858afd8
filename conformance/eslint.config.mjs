// What graphql-eslint asks of the contract and of the operations to copy. Run it from the folder above this one:
//
//   conformance/node_modules/.bin/eslint --config conformance/eslint.config.mjs --max-warnings 0 schema examples
//
// A rule is off, or narrowed, only here, with its reason beside it: no comment in a file can silence one.

import { readFileSync } from "node:fs";
import graphql from "@graphql-eslint/eslint-plugin";
import { buildSchema } from "graphql";

const SCHEMA = "schema/schema.graphql";
const OPERATIONS = "examples/operations/*.graphql";

const contract = buildSchema(readFileSync(SCHEMA, "utf8"));
const userErrors = contract.getPossibleTypes(contract.getType("UserError")).map(({ name }) => name);

const plugin = {
  plugins: { "@graphql-eslint": graphql },
  languageOptions: {
    parser: graphql.parser,
    parserOptions: { graphQLConfig: { schema: SCHEMA, documents: OPERATIONS } },
  },
};

const schemaRules = {
  ...graphql.configs["flat/schema-recommended"].rules,
  ...graphql.configs["flat/schema-relay"].rules,

  "@graphql-eslint/require-description": [
    "error",
    {
      types: true,
      rootField: true,
      DirectiveDefinition: true,
      EnumValueDefinition: true,
      FieldDefinition: true,
      InputValueDefinition: true,
      // Strawberry has no way to describe the argument of a directive. The description of the directive names it.
      ignoredSelectors: [
        "DirectiveDefinition[name.value=requiresRole] > InputValueDefinition[name.value=anyOf]",
        "DirectiveDefinition[name.value=oneOf]", // GraphQL's own, which Strawberry prints all the same
      ],
    },
  ],
  // One field that fails must not take its siblings' answers with it, which prove that money moved.
  "@graphql-eslint/require-nullable-result-in-root": "error",
  "@graphql-eslint/no-scalar-result-type-on-mutation": "error",

  "@graphql-eslint/strict-id-in-types": [
    "error",
    {
      exceptions: {
        suffixes: ["Success", "Connection", "Edge"], // an answer or a page: what it holds has an id
        types: [
          ...userErrors, // an answer too
          "PageInfo",
          "Money", // a value
          "MetadataEntry", // a value
          "Entry", // known by its account and its version there
          "BalanceExplanation", // known by its account and the instant
          "AccountPreview", // of an account that has an id
          "MovementPreview", // of what is not there
          "IdempotencyRecord", // known by its API client, operation and key
          "Statement", // known by its account and its interval
        ],
      },
    },
  ],

  // Pages go forward only: every list has one order, and the page before is the one a caller came from.
  "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
  "@graphql-eslint/relay-edge-types": [
    "error",
    {
      // A list of a few values that belong to their owner is no page: metadata, the entries of one transaction, ids.
      listTypeCanWrapOnlyEdgeType: false,
      // An Entry has no id of its own. That every other edge leads to a Node is tests/schema/test_pages.py.
      shouldImplementNode: false,
    },
  ],

  "no-restricted-syntax": [
    "error",
    {
      selector: "NamedType[name.value=Float]",
      message: "A Float is inexact: an amount is a Decimal, a count an Int or Int64.",
    },
    {
      // In place of require-deprecation-date: the argument it asks for is none that GraphQL's own @deprecated has.
      selector:
        "Directive[name.value=deprecated]:not(:has(StringValue[value=/ Removal after \\d{4}-\\d{2}-\\d{2}\\.$/]))",
      message: 'A deprecation ends with its date: "Use x instead. Removal after 2030-01-31."',
    },
  ],
};

const operationRules = {
  ...graphql.configs["flat/operations-recommended"].rules,
  // One operation a file, named like it, and a comment above it: this is how the explorer and the generators find them.
  "@graphql-eslint/lone-executable-definition": "error",
  "@graphql-eslint/match-document-filename": [
    "error",
    { fileExtension: ".graphql", query: "matchDocumentStyle", mutation: "matchDocumentStyle" },
  ],
  "@graphql-eslint/require-description": ["error", { OperationDefinition: true }],
};

export default [
  { linterOptions: { noInlineConfig: true } },
  { files: [SCHEMA], ...plugin, rules: schemaRules },
  { files: [OPERATIONS], ...plugin, rules: operationRules },
];
