"""Sends instant messages with PJSIP: one JSON object on standard input, one line of JSON for each final answer."""
import json
import sys
import time

import pjsua2 as pj

PATIENCE_SECONDS = 20
TRANSPORTS = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP, "tls": pj.PJSIP_TRANSPORT_TLS}


class Sender(pj.Account):
    def __init__(self):
        super().__init__()
        self.answered = 0

    def onInstantMessageStatus(self, prm):
        self.answered += 1
        whole = prm.rdata.wholeMsg
        print(json.dumps({"to": prm.toUri, "status": prm.code, "reason": prm.reason, "answer": whole}), flush=True)


def transport_config(job):
    config = pj.TransportConfig()
    config.boundAddress = job["localAddress"]
    tls = job.get("tls")
    if tls is not None:
        config.tlsConfig.CaListFile = tls["authorityFile"]
        config.tlsConfig.certFile = tls["certificateFile"]
        config.tlsConfig.privKeyFile = tls["keyFile"]
        config.tlsConfig.verifyServer = True
    return config


def send(account, job, message):
    buddy_config = pj.BuddyConfig()
    buddy_config.uri = message["uri"]
    buddy = pj.Buddy()
    buddy.create(account, buddy_config)
    parameters = pj.SendInstantMessageParam()
    parameters.content = message["body"]
    parameters.contentType = message["contentType"]
    headers = pj.SipHeaderVector()
    for name, value in job["headers"]:
        header = pj.SipHeader()
        header.hName = name
        header.hValue = value
        headers.append(header)
    parameters.txOption.headers = headers
    buddy.sendInstantMessage(parameters)
    return buddy


def main():
    job = json.load(sys.stdin)
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = 0
    config.logConfig.consoleLevel = 0
    endpoint.libInit(config)
    endpoint.transportCreate(TRANSPORTS[job["transport"]], transport_config(job))
    endpoint.libStart()
    account = Sender()
    account_config = pj.AccountConfig()
    account_config.idUri = job["from"]
    account.create(account_config)
    buddies = [send(account, job, message) for message in job["messages"]]
    until = time.monotonic() + PATIENCE_SECONDS
    while account.answered < len(buddies) and time.monotonic() < until:
        endpoint.libHandleEvents(50)
    del buddies
    account.shutdown()
    endpoint.libDestroy()


main()
