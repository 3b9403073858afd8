// Customers' accounts, page by page: what is Relay's own is checked against the contract, `Node` and connections.

import { graphql } from "relay-runtime";

export const query = graphql`
  query AccountListQuery($filter: AccountFilter) {
    ...AccountList_accounts @arguments(filter: $filter)
  }
`;

export const page = graphql`
  fragment AccountList_accounts on Query
  @refetchable(queryName: "AccountListNextPageQuery")
  @argumentDefinitions(
    filter: { type: "AccountFilter" }
    first: { type: "Int", defaultValue: 20 }
    after: { type: "String" }
  ) {
    accounts(filter: $filter, first: $first, after: $after) @connection(key: "AccountList_accounts") {
      edges {
        node {
          id
          ...AccountList_account
        }
      }
    }
  }
`;

export const account = graphql`
  fragment AccountList_account on Account @refetchable(queryName: "AccountListAccountQuery") {
    name
    state
    available {
      amount
      currency
    }
  }
`;
