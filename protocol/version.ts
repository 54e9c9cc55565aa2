/** The WebSocket subprotocols a client may ask for, in the server's order of preference. */
export const jsonSubprotocol = 'sightline.v1+json'

/** The number that changes when a message changes incompatibly. */
export const protocolVersion = 1
