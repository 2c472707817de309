/** An HSS in a process of its own: it can be killed, or stopped so that it is silent without a reset. */
import { Application, DiameterNode } from '@ipsmgw/diameter'

const [identity = '', realm = '', port = '0'] = process.argv.slice(2)
const node = new DiameterNode({
  originHost: identity,
  originRealm: realm,
  applications: [Application.S6C],
  listeners: [{ host: '127.0.0.1', port: Number(port) }],
  unknownPeers: 'accept',
})
node.handle('SRR', () => ({
  'Result-Code': 2001,
  'User-Name': '001010000000001',
  'Serving-Node': {
    'MME-Name': 'mme.lab.invalid',
    'MME-Realm': realm,
    'MME-Number-for-MT-SMS': '882990000001',
  },
}))
await node.start()
process.stdout.write('HSS listens\n')
