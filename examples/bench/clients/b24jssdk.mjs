// Adds the guests of guests.json as contacts: node b24jssdk.mjs WEBHOOK, with @bitrix24/b24jssdk beside it.
// No plan, no state, no look at what stands there already: the least that an export can be.
import { readFileSync } from 'node:fs'
import { ApiVersion, B24Hook, ParamsFactory } from '@bitrix24/b24jssdk'

const value = text => [{ VALUE: text, VALUE_TYPE: 'WORK' }]
const calls = JSON.parse(readFileSync('guests.json', 'utf8')).map(guest => ['crm.contact.add', {
  fields: {
    LAST_NAME: guest.last_name, NAME: guest.first_name, SECOND_NAME: guest.middle_name,
    BIRTHDATE: guest.birth_date, HONORIFIC: 'HNR_RU_1', TYPE_ID: 'CLIENT', COMMENTS: guest.comment,
    ADDRESS_COUNTRY: guest.country, ADDRESS_PROVINCE: guest.region, ADDRESS_CITY: guest.city,
    PHONE: value(guest.phone), EMAIL: value(guest.email),
    ORIGINATOR_ID: 'ECVI', ORIGIN_ID: String(guest.id)
  },
  params: { IMPORT: 'Y' }
}])

const b24 = B24Hook.fromWebhookUrl(process.argv[2].replace('http:', 'https:'))
// The sandbox has no certificate, and the client knows no other way to say so.
b24.getHttpClient(ApiVersion.v2).ajaxClient.interceptors.request.use(request => ({
  ...request, baseURL: request.baseURL?.replace('https:', 'http:'), url: request.url?.replace('https:', 'http:')
}))
// No limit: what is measured is the client's own work, not its waiting.
await b24.setRestrictionManagerParams({
  ...ParamsFactory.getDefault(),
  rateLimit: { burstLimit: 1e6, drainRate: 1e6, adaptiveEnabled: false },
  adaptiveConfig: { enabled: false }
})
const answer = await b24.actions.v2.batchByChunk.make({ calls, options: { isHaltOnError: false } })
console.log(answer.getData().length, 'contacts')
