import type { Rule } from './rule.ts'

// Rules for events of media players: the events of the current plugins, each with a schema of its own, and those of the
// first plugins for HTML5 and YouTube, whose one event names what happened.

const SNOWPLOW = 'iglu:com.snowplowanalytics.snowplow'

/** Events of the current plugins, without `_event`. */
const EVENTS = [
  ...[
    'ready',
    'play',
    'pause',
    'end',
    'ping',
    'error',
    'seek_start',
    'seek_end',
    'buffer_start',
    'buffer_end',
  ],
  ...['playback_rate_change', 'volume_change', 'quality_change', 'fullscreen_change'],
  ...[
    'picture_in_picture_change',
    'ad_break_start',
    'ad_break_end',
    'ad_start',
    'ad_quartile',
    'ad_complete',
  ],
  ...['ad_skip', 'ad_click', 'ad_pause', 'ad_resume'],
]

/** Types of `media_player_event`, and the event that is now sent in its place. */
const TYPES: Readonly<Record<string, string>> = {
  ready: 'ready',
  play: 'play',
  pause: 'pause',
  ended: 'end',
  percentprogress: 'progress',
  seek: 'seek_end',
  seeking: 'seek_start',
  seeked: 'seek_end',
  buffering: 'buffer_start',
  ratechange: 'playback_rate_change',
  playbackratechange: 'playback_rate_change',
  playbackqualitychange: 'quality_change',
  volumechange: 'volume_change',
  fullscreenchange: 'fullscreen_change',
  error: 'error',
}

export const MEDIA_RULES: readonly Rule[] = [
  ...EVENTS.map(name => eventRule(`${name}_event`, name)),
  eventRule('percent_progress_event', 'progress'),
  ...Object.entries(TYPES).map(([type, name]): Rule => ({
    when: { event: 'media_player_event', schema: `${SNOWPLOW}/media_player_event/*`, data: { type } },
    then: { action: `media_${name}` },
  })),
]

function eventRule(event: string, name: string): Rule {
  return { when: { event, schema: `${SNOWPLOW}.media/${event}/*` }, then: { action: `media_${name}` } }
}
