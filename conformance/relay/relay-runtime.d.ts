// As much of relay-runtime as compiling needs: the compiler is installed here, the runtime is not.

declare module "relay-runtime" {
  export function graphql(document: TemplateStringsArray): unknown;
  export type ConcreteRequest = unknown;
  export type ReaderFragment = unknown;
  export type FragmentRefs<Names extends string> = { [name in Names]: true };
}
