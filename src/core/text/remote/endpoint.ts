import { UserError } from '../../errors.ts';

/**
 * Refuses what is no plain http or https address, without repeating it: a key in it is a secret even where it does not belong.
 * @throws UserError
 */
export function checkEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  const hint = 'Give an address such as https://host.example/v1; a key belongs into the token, not into the address.';
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UserError('Expected an http or https address for the endpoint but received another text.', hint);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new UserError('Expected an endpoint without user name, password, "?" and "#" but received one with them.', hint);
  }
}
