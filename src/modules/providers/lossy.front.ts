import type { ServerResponse } from 'node:http';
import { send, serve, type HttpHandler, type HttpReply, type HttpRequest, type HttpService } from './http.serve.js';

/** What goes wrong with one request. */
export type Fault =
  | 'none'
  /** The connection breaks before anything was done. */
  | 'dropBefore'
  /** It was done, and the connection breaks before the answer. */
  | 'dropAfterEffect'
  /** 503, and nothing was done. */
  | 'failBefore'
  /** 503, and it was done. */
  | 'failAfterEffect'
  /** It was done, and no answer comes until the caller hangs up. */
  | 'slow'
  /** It was done, and the answer is a 200 that cannot be read. */
  | 'garbage'
  /** It was done, and the answer is the one for a reference that is not known. */
  | 'notFound';

export interface PlannedRequest {
  readonly method: string;
  readonly path: string;
  /** Counts the requests, from 1. */
  readonly nth: number;
}

/** Decides what goes wrong. All chance is in here, so the same plan goes wrong in the same way. */
export type FaultPlan = (request: PlannedRequest) => Fault;

export interface LossyFrontOptions {
  readonly handle: HttpHandler;
  readonly plan: FaultPlan;
  /** What the provider says of a reference that it does not know. Default: 404 with an empty object. */
  readonly notFound?: ((request: HttpRequest) => HttpReply) | undefined;
}

/** A provider behind a bad line: an HTTP server on loopback that does what the plan says to requests and answers. */
export function createLossyFront({ handle, plan, notFound = emptyNotFound }: LossyFrontOptions): Promise<HttpService> {
  let count = 0;
  return serve(async (request, response) => {
    count += 1;
    const fault = plan({ method: request.method, path: request.path, nth: count });
    if (fault === 'dropBefore') return breakOff(response);
    if (fault === 'failBefore') return send(response, unavailable);
    const reply = await handle(request);
    if (fault === 'dropAfterEffect') return breakOff(response);
    if (fault === 'slow') return;
    send(
      response,
      replyUnder(fault, reply, () => notFound(request)),
    );
  });
}

/** Hides what a reference stands for from the first `times` look-ups (GET) whose path `isLookUp` accepts. */
export function notFoundThenFound(times: number, isLookUp: (path: string) => boolean = () => true): FaultPlan {
  let hidden = 0;
  return ({ method, path }) => {
    if (method !== 'GET' || hidden >= times || !isLookUp(path)) return 'none';
    hidden += 1;
    return 'notFound';
  };
}

const unavailable: HttpReply = { status: 503, body: { message: 'temporarily unavailable' } };

function replyUnder(fault: Fault, reply: HttpReply, notFound: () => HttpReply): HttpReply {
  if (fault === 'failAfterEffect') return unavailable;
  if (fault === 'garbage') return { status: 200, body: '{"status":true,"data":{"status":"succ' };
  return fault === 'notFound' ? notFound() : reply;
}

function emptyNotFound(): HttpReply {
  return { status: 404, body: {} };
}

function breakOff(response: ServerResponse): void {
  response.socket?.destroy();
}
