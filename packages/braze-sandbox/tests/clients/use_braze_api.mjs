// Speaks to a sandbox through the npm client `braze-api`; prints what came back as one JSON object.
import { createRequire } from 'node:module'

const require = createRequire(`${process.cwd()}/`)
const { Braze } = require('braze-api')
const [url, key, ids] = process.argv.slice(2)
const { campaign, canvas, segment, group, receiver } = JSON.parse(ids)
const braze = new Braze(url, key)
const alias = { alias_name: 'anonymous', alias_label: 'web' }
const seen = {}

seen.track = await braze.users.track({
  attributes: [
    { external_id: 'u1', first_name: 'Ada', tags: { add: ['a'] }, email: 'u1@example.com' },
    { external_id: 'u2' },
    { user_alias: alias, _update_existing_only: false, x: 1 },
  ],
  events: [{ external_id: 'u1', name: 'seen', time: '2020-01-01' }],
})
seen.alias = await braze.users.alias.new({
  user_aliases: [{ external_id: 'u2', alias_name: 'two', alias_label: 'web' }],
})
seen.identify = await braze.users.identify({
  aliases_to_identify: [{ external_id: 'u1', user_alias: alias }],
})
seen.merge = await braze.users.merge({
  merge_updates: [
    { identifier_to_merge: { external_id: 'u2' }, identifier_to_keep: { external_id: 'u1' } },
  ],
})
seen.export = await braze.users.export.ids({
  external_ids: ['u1', 'u2'],
  fields_to_export: ['external_id', 'custom_attributes', 'user_aliases', 'custom_events'],
})
seen.exportSegment = await braze.users.export.segment({
  segment_id: segment,
  fields_to_export: ['external_id'],
})
seen.subscribe = await braze.subscription.status.set({
  subscription_group_id: group,
  subscription_state: 'subscribed',
  external_id: ['u1'],
})
seen.status = await braze.subscription.status.get({
  subscription_group_id: group,
  external_id: ['u1', 'nobody'],
})
seen.segments = await braze.segments.list()
seen.campaigns = await braze.campaigns.list()
seen.campaign = await braze.campaigns.details({ campaign_id: campaign })
seen.canvases = await braze.canvas.list()
seen.trigger = await braze.campaigns.trigger.send({
  campaign_id: campaign,
  recipients: [{ external_user_id: 'u1', trigger_properties: { code: 'x' } }],
})
seen.enter = await braze.canvas.trigger.send({
  canvas_id: canvas,
  recipients: [{ external_user_id: 'u1' }],
})
seen.message = await braze.messages.send({
  external_user_ids: ['u1'],
  messages: { webhook: { url: receiver, request_method: 'POST', body: '{"from":"messages"}' } },
})
seen.rename = await braze.users.external_ids.rename({
  external_id_renames: [{ current_external_id: 'u1', new_external_id: 'one' }],
})
seen.remove = await braze.users.external_ids.remove({ external_ids: ['u1'] })
seen.delete = await braze.users.delete({ external_ids: ['one'] })
seen.refused = await braze.users.track({ attributes: [{ x: 1 }] }).catch((error) => String(error))
console.log(JSON.stringify(seen))
