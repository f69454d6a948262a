/**
 * One event stream for all tabs of a browser. The tab that holds the Web Lock reads `/v1/stream` and hands on over a
 * BroadcastChannel; followers that miss the leader's heart-beat take the lock over. A browser resumes a broken stream after
 * the last event by itself; where a new stream has to be opened, what is on screen is asked again.
 * Six open streams would block every further request of a browser over HTTP/1.1.
 */
import type { LiveEvent } from '../api/types';

export type LiveState = { kind: 'live' } | { kind: 'reconnecting' | 'offline'; since: number };

export interface LiveOptions {
  /** Names the lock and the channel: one per person and tenant. */
  name: string;
  url: string;
  onEvents: (events: LiveEvent[]) => void;
  onState: (state: LiveState) => void;
  /** Called when the stream was refused: the session may have ended. */
  onRefused: () => void;
}

type BusMessage = { kind: 'event'; data: string } | { kind: 'beat'; state: LiveState } | { kind: 'hello' };

const BEAT_MS = 4_000;
const MISSED_MS = 10_000;
const COALESCE_MS = 250;
const OFFLINE_AFTER_MS = 15_000;
const BACKOFF_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

/** Hands events on at once when quiet, and in one batch per 250 ms when busy. */
export class Coalescer {
  private waiting: LiveEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;
  private flushedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly deliver: (events: LiveEvent[]) => void, private readonly now: () => number = () => performance.now()) {}

  push(event: LiveEvent): void {
    this.waiting.push(event);
    if (this.timer !== null) return;
    const wait = COALESCE_MS - (this.now() - this.flushedAt);
    if (wait <= 0) this.flush();
    else this.timer = setTimeout(() => this.flush(), wait);
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting = [];
  }

  private flush(): void {
    this.timer = null;
    this.flushedAt = this.now();
    const events = this.waiting;
    this.waiting = [];
    this.deliver(events);
  }
}

class Live {
  private readonly bus: BroadcastChannel;
  private readonly coalescer: Coalescer;
  private source: EventSource | null = null;
  private everLive = false;
  private lastBeat = Date.now();
  private state: LiveState = { kind: 'reconnecting', since: Date.now() };
  private leading = false;
  private stopped = false;
  private attempts = 0;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private release: (() => void) | null = null;
  private readonly ticker: ReturnType<typeof setInterval>;

  constructor(private readonly options: LiveOptions) {
    this.coalescer = new Coalescer(options.onEvents);
    this.bus = new BroadcastChannel(options.name);
    this.bus.addEventListener('message', (event: MessageEvent<BusMessage>) => this.hear(event.data));
    this.ticker = setInterval(() => this.tick(), BEAT_MS / 2);
    addEventListener('online', this.wake);
    addEventListener('offline', this.lost);
    document.addEventListener('visibilitychange', this.seen);
    this.options.onState(this.state);
    if (navigator.locks) {
      this.bus.postMessage({ kind: 'hello' } satisfies BusMessage);
      this.queue({});
    } else {
      this.lead();
    }
  }

  stop(): void {
    this.stopped = true;
    this.follow();
    this.release?.();
    clearInterval(this.ticker);
    this.coalescer.stop();
    this.bus.close();
    removeEventListener('online', this.wake);
    removeEventListener('offline', this.lost);
    document.removeEventListener('visibilitychange', this.seen);
  }

  private queue(options: LockOptions): void {
    navigator.locks
      .request(this.options.name, options, () => {
        if (this.stopped) return undefined;
        this.lead();
        return new Promise<void>((resolve) => {
          this.release = resolve;
        });
      })
      .catch(() => {
        // Another tab stole the lock because this one was silent for too long: follow it.
        this.follow();
        if (!this.stopped) this.queue({});
      });
  }

  private lead(): void {
    this.leading = true;
    this.open();
  }

  private follow(): void {
    this.leading = false;
    this.lastBeat = Date.now();
    this.close();
  }

  private open(): void {
    this.close();
    const source = new EventSource(this.options.url);
    this.source = source;
    let missed = this.everLive;
    source.addEventListener('open', () => {
      this.attempts = 0;
      this.tell({ kind: 'live' });
      if (missed) this.pass('{"type":"gap"}');
      missed = false;
    });
    source.addEventListener('message', (event: MessageEvent<string>) => this.pass(event.data));
    source.addEventListener('error', () => {
      if (source.readyState === EventSource.CLOSED) this.failed();
      else this.reconnecting();
    });
  }

  private close(): void {
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = null;
    this.source?.close();
    this.source = null;
  }

  private failed(): void {
    this.close();
    this.reconnecting();
    if (this.attempts > 0) this.options.onRefused();
    const wait = BACKOFF_MS[Math.min(this.attempts, BACKOFF_MS.length - 1)] ?? 0;
    this.attempts += 1;
    this.retry = setTimeout(() => this.open(), wait);
  }

  private reconnecting(): void {
    const since = this.state.kind === 'live' ? Date.now() : this.state.since;
    const offline = !navigator.onLine || Date.now() - since > OFFLINE_AFTER_MS;
    this.tell({ kind: offline ? 'offline' : 'reconnecting', since });
  }

  private tell(state: LiveState): void {
    this.state = state;
    this.everLive ||= state.kind === 'live';
    this.options.onState(state);
    if (this.leading) this.beat();
  }

  private beat(): void {
    this.bus.postMessage({ kind: 'beat', state: this.state } satisfies BusMessage);
  }

  private pass(data: string): void {
    this.take(data);
    this.bus.postMessage({ kind: 'event', data } satisfies BusMessage);
  }

  private take(data: string): void {
    this.coalescer.push(JSON.parse(data) as LiveEvent);
  }

  private hear(message: BusMessage): void {
    switch (message.kind) {
      case 'hello':
        if (this.leading) this.beat();
        return;
      case 'event':
        this.lastBeat = Date.now();
        this.take(message.data);
        return;
      case 'beat':
        this.lastBeat = Date.now();
        this.state = message.state;
        this.everLive ||= message.state.kind === 'live';
        this.options.onState(message.state);
    }
  }

  private tick(): void {
    if (this.leading) {
      if (this.state.kind !== 'live') this.reconnecting();
      else this.beat();
      return;
    }
    // Only a visible tab takes over: timers of hidden tabs are slowed down, and they would steal from each other.
    const silent = Date.now() - this.lastBeat > MISSED_MS;
    if (silent && navigator.locks && document.visibilityState === 'visible') {
      this.lastBeat = Date.now();
      this.queue({ steal: true });
    }
  }

  private readonly wake = (): void => {
    if (this.leading && this.state.kind !== 'live') {
      this.attempts = 0;
      this.open();
    }
  };

  private readonly lost = (): void => {
    if (this.state.kind === 'live') this.tell({ kind: 'offline', since: Date.now() });
    else this.tell({ ...this.state, kind: 'offline' });
  };

  // Without Web Locks each tab has its own stream, closed while nobody looks at it.
  private readonly seen = (): void => {
    if (navigator.locks) return;
    if (document.visibilityState === 'hidden') this.close();
    else if (!this.source) this.open();
  };
}

/** Starts reading the stream. Returns the function that stops it. */
export function connectLive(options: LiveOptions): () => void {
  const live = new Live(options);
  return () => live.stop();
}
