// The baseline of the gateway's figures: an endpoint on the same SIP library that answers 200 at once.
import { SipEndpoint } from '@ipsmgw/sip'

const port = Number(process.argv[2])
const endpoint = new SipEndpoint(
  {
    listeners: [
      { transport: 'udp', host: '127.0.0.1', port },
      { transport: 'tcp', host: '127.0.0.1', port },
    ],
  },
  { onRequest: ({ transaction }) => void transaction.respond(200) },
)
await endpoint.start()
process.once('SIGTERM', () => void endpoint.close())
process.send?.('ready')
