// A tour of Postmark's npm client. Each step names the endpoint that it needs; what it saw goes out as JSON.
const { createRequire } = require("node:module");

const at = JSON.parse(process.argv[2]);
const postmark = createRequire(at.modules + "/")("postmark");
const options = { useHttps: false, requestHost: `${at.host}:${at.port}` };
const client = new postmark.ServerClient(at.server_token, options);
const account = new postmark.AccountClient(at.account_token, options);
const seen = {};
const kept = {};

async function step(label, endpoint, run) {
  if (!at.served.includes(endpoint)) {
    seen[label] = { not_served: endpoint };
    return;
  }
  try {
    seen[label] = await run();
  } catch (error) {
    seen[label] = { refused: error.code, class: error.name, recipients: error.recipients };
  }
}

const mail = { From: "shop@example.com", To: "ann@example.org", Subject: "Hi", TextBody: "Hello" };
const page = { count: 10, offset: 0 };
const key = at.name;

async function tour() {
  await step("send", "SEND_EMAIL", async () => (await client.sendEmail(mail)).Message);
  await step("send nothing", "SEND_EMAIL", () => client.sendEmail({ ...mail, TextBody: undefined }));
  await step("send to inactive", "SEND_EMAIL", () => client.sendEmail({ ...mail, To: at.bounced }));
  await step("send on no stream", "SEND_EMAIL", () => client.sendEmail({ ...mail, MessageStream: "nowhere" }));
  await step("wrong token", "SEND_EMAIL", () => new postmark.ServerClient("nonsense", options).sendEmail(mail));
  await step("batch", "SEND_BATCH", async () =>
    (await client.sendEmailBatch([mail, { ...mail, TextBody: "" }])).map((one) => one.ErrorCode));

  await step("bounce counts", "GET_DELIVERY_STATS", async () => (await client.getDeliveryStatistics()).InactiveMails);
  await step("bounces", "GET_BOUNCES", async () => {
    const found = await client.getBounces(page);
    return [found.TotalCount, found.Bounces[0].Type, found.Bounces[0].Email];
  });
  await step("bounce", "GET_BOUNCE", async () => (await client.getBounce(at.bounce)).Inactive);
  await step("bounce dump", "DUMP_BOUNCE", async () => (await client.getBounceDump(at.bounce)).Body.length > 0);
  await step("reactivate", "ACTIVATE_BOUNCE", async () => (await client.activateBounce(at.bounce)).Bounce.Inactive);
  await step("no bounce", "GET_BOUNCE", () => client.getBounce(1));

  const body = { HtmlBody: "<b>{{name}}</b>", TextBody: "{{name}}", Subject: "{{name}}" };
  await step("layout", "CREATE_TEMPLATE", async () =>
    (await client.createTemplate({ Name: "L", Alias: "lay", TemplateType: "Layout", HtmlBody: "{{{@content}}}", TextBody: "{{{@content}}}" })).TemplateType);
  await step("template", "CREATE_TEMPLATE", async () =>
    (await client.createTemplate({ Name: "T", Alias: "tea", LayoutTemplate: "lay", ...body })).Alias);
  await step("show template", "GET_TEMPLATE", async () => (await client.getTemplate("tea")).Subject);
  await step("edit template", "UPDATE_TEMPLATE", async () => (await client.editTemplate("tea", { Name: "Tea" })).Name);
  await step("templates", "GET_TEMPLATES", async () => (await client.getTemplates(page)).TotalCount);
  await step("validate", "VALIDATE_TEMPLATE", async () => {
    const found = await client.validateTemplate({ ...body, TestRenderModel: { name: "Ann" } });
    return [found.AllContentIsValid, found.Subject.RenderedContent];
  });
  const made = { From: mail.From, To: mail.To, TemplateAlias: "tea", TemplateModel: { name: "Ann" } };
  await step("send template", "SEND_WITH_TEMPLATE", async () => (await client.sendEmailWithTemplate(made)).Message);
  await step("send no template", "SEND_WITH_TEMPLATE", () => client.sendEmailWithTemplate({ ...made, TemplateAlias: "nope" }));
  await step("template batch", "SEND_BATCH_WITH_TEMPLATES", async () =>
    (await client.sendEmailBatchWithTemplates([made, { ...made, TemplateAlias: "nope" }])).map((one) => one.ErrorCode));
  await step("push", "PUSH_TEMPLATES", async () => {
    const found = await account.pushTemplates({ SourceServerID: at.server_id, DestinationServerID: at.other_id, PerformChanges: true });
    return found.Templates.map((one) => one.Action);
  });
  await step("delete template", "DELETE_TEMPLATE", async () => (await client.deleteTemplate("tea")).ErrorCode);
  await step("bulk", "SEND_BULK", async () => {
    const sent = await client.sendBulkEmail({ From: mail.From, Subject: "Hi", TextBody: "Hello", MessageStream: "broadcast", Messages: [{ To: mail.To }, { To: "bob@example.org" }] });
    kept.bulk = sent.ID;
    return sent.Status;
  });
  await step("bulk status", "GET_BULK", async () => (await client.getBulkEmailStatus(kept.bulk)).TotalMessages);

  await step("stream", "CREATE_MESSAGE_STREAM", async () =>
    (await client.createMessageStream({ ID: "news", Name: "News", MessageStreamType: "Broadcasts" })).ID);
  await step("streams", "GET_MESSAGE_STREAMS", async () => (await client.getMessageStreams()).TotalCount);
  await step("show stream", "GET_MESSAGE_STREAM", async () => (await client.getMessageStream("news")).Name);
  await step("edit stream", "UPDATE_MESSAGE_STREAM", async () => (await client.editMessageStream("news", { Name: "Old" })).Name);
  await step("archive", "ARCHIVE_MESSAGE_STREAM", async () => (await client.archiveMessageStream("news")).ID);
  await step("unarchive", "UNARCHIVE_MESSAGE_STREAM", async () => (await client.unarchiveMessageStream("news")).ArchivedAt);
  await step("no stream", "GET_MESSAGE_STREAM", () => client.getMessageStream("nowhere"));

  const carl = { Suppressions: [{ EmailAddress: "carl@example.org" }] };
  await step("suppress", "CREATE_SUPPRESSIONS", async () => (await client.createSuppressions("outbound", carl)).Suppressions[0].Status);
  await step("suppressions", "DUMP_SUPPRESSIONS", async () =>
    (await client.getSuppressions("outbound", { emailAddress: "carl@example.org" })).Suppressions.map((one) => one.EmailAddress));
  await step("lift", "DELETE_SUPPRESSIONS", async () => (await client.deleteSuppressions("outbound", carl)).Suppressions[0].Status);

  await step("webhook", "CREATE_WEBHOOK", async () => {
    const hook = await client.createWebhook({ Url: "https://example.com/hook", Triggers: { Open: { Enabled: true, PostFirstOpenOnly: true } } });
    kept.hook = hook.ID;
    return hook.Triggers.Open.PostFirstOpenOnly;
  });
  await step("webhooks", "GET_WEBHOOKS", async () => (await client.getWebhooks()).Webhooks.length);
  await step("show webhook", "GET_WEBHOOK", async () => (await client.getWebhook(kept.hook)).Url);
  await step("edit webhook", "UPDATE_WEBHOOK", async () => (await client.editWebhook(kept.hook, { Url: "https://example.com/new" })).Url);
  await step("delete webhook", "DELETE_WEBHOOK", async () => (await client.deleteWebhook(kept.hook)).ErrorCode);
  await step("no webhook", "GET_WEBHOOK", () => client.getWebhook(kept.hook));

  await step("rule", "CREATE_INBOUND_RULE", async () => {
    const rule = await client.createInboundRuleTrigger({ Rule: "bad@example.org" });
    kept.rule = rule.ID;
    return rule.Rule;
  });
  await step("rules", "GET_INBOUND_RULES", async () => (await client.getInboundRuleTriggers(page)).TotalCount);
  await step("delete rule", "DELETE_INBOUND_RULE", async () => (await client.deleteInboundRuleTrigger(kept.rule)).Message);

  await step("messages", "GET_OUTBOUND_MESSAGES", async () =>
    (await client.getOutboundMessages({ ...page, recipient: "ann@example.org" })).Messages[0].Recipients);
  await step("message", "GET_OUTBOUND_MESSAGE", async () =>
    (await client.getOutboundMessageDetails(at.message)).MessageEvents.map((one) => one.Type));
  await step("dump", "DUMP_OUTBOUND_MESSAGE", async () => (await client.getOutboundMessageDump(at.message)).Body.includes("Subject: "));
  await step("no message", "GET_OUTBOUND_MESSAGE", () => client.getOutboundMessageDetails("123"));
  await step("received", "GET_INBOUND_MESSAGES", async () => (await client.getInboundMessages(page)).InboundMessages[0].Subject);
  await step("received one", "GET_INBOUND_MESSAGE", async () => (await client.getInboundMessageDetails(at.inbound)).Subject);
  await step("bypass", "BYPASS_INBOUND_MESSAGE", () => client.bypassBlockedInboundMessage(at.inbound));
  await step("retry", "RETRY_INBOUND_MESSAGE", () => client.retryInboundHookForMessage(at.inbound));
  await step("opens", "GET_OPENS", async () => (await client.getMessageOpens(page)).Opens);
  await step("opens of one", "GET_OPENS_OF_MESSAGE", async () => (await client.getMessageOpensForSingleMessage(at.message, page)).TotalCount);
  await step("clicks", "GET_CLICKS", async () => (await client.getMessageClicks(page)).Clicks);
  await step("clicks of one", "GET_CLICKS_OF_MESSAGE", async () => (await client.getMessageClicksForSingleMessage(at.message, page)).TotalCount);

  await step("stats", "GET_STATS_TOTALS", async () => (await client.getOutboundOverview()).Bounced);
  await step("sends", "GET_SENDS", async () => (await client.getSentCounts()).Sent > 0);
  await step("bounced", "GET_BOUNCE_COUNTS", async () => (await client.getBounceCounts()).HardBounce);
  await step("complaints", "GET_SPAM_COUNTS", async () => (await client.getSpamComplaintsCounts()).SpamComplaint);
  await step("tracked", "GET_TRACKED_COUNTS", async () => (await client.getTrackedEmailCounts()).Tracked);
  await step("opened", "GET_OPEN_COUNTS", async () => (await client.getEmailOpenCounts()).Opens);
  await step("platforms", "GET_OPEN_PLATFORMS", async () => (await client.getEmailOpenPlatformUsage()).Desktop);
  await step("programs", "GET_OPEN_EMAILCLIENTS", async () => (await client.getEmailOpenClientUsage()).Days);
  await step("read times", "GET_OPEN_READTIMES", async () => (await client.getEmailOpenReadTimes()).Days);
  await step("clicked", "GET_CLICK_COUNTS", async () => (await client.getClickCounts()).Clicks);
  await step("browsers", "GET_CLICK_BROWSERFAMILIES", async () => (await client.getClickBrowserUsage()).Days);
  await step("click platforms", "GET_CLICK_PLATFORMS", async () => (await client.getClickPlatformUsage()).Desktop);
  await step("click places", "GET_CLICK_LOCATIONS", async () => (await client.getClickLocation()).HTML);

  await step("server", "GET_SERVER", async () => (await client.getServer()).Name);
  await step("edit server", "UPDATE_SERVER", async () => (await client.editServer({ Color: "Red" })).Color);
  await step("new server", "CREATE_SERVER", async () => {
    const server = await account.createServer({ Name: `${key} new`, Color: "Blue" });
    kept.server = server.ID;
    return server.ApiTokens.length;
  });
  await step("servers", "GET_SERVERS", async () => (await account.getServers({ ...page, name: `${key} new` })).TotalCount);
  await step("show server", "GET_SERVER_BY_ID", async () => (await account.getServer(kept.server)).Color);
  await step("edit other server", "UPDATE_SERVER_BY_ID", async () => (await account.editServer(kept.server, { TrackOpens: true })).TrackOpens);
  await step("delete server", "DELETE_SERVER", async () => (await account.deleteServer(kept.server)).ErrorCode);
  await step("no server", "GET_SERVER_BY_ID", () => account.getServer(kept.server));
  await step("wrong account token", "GET_SERVERS", () => new postmark.AccountClient("nonsense", options).getServers());

  const domain = `${key}.example.com`;
  await step("domain", "CREATE_DOMAIN", async () => {
    const one = await account.createDomain({ Name: domain });
    kept.domain = one.ID;
    return one.DKIMUpdateStatus;
  });
  await step("domains", "GET_DOMAINS", async () => (await account.getDomains(page)).Domains.some((one) => one.Name === domain));
  await step("show domain", "GET_DOMAIN", async () => (await account.getDomain(kept.domain)).Name === domain);
  await step("edit domain", "UPDATE_DOMAIN", async () =>
    (await account.editDomain(kept.domain, { ReturnPathDomain: `pm.${domain}` })).ReturnPathDomain === `pm.${domain}`);
  await step("verify DKIM", "VERIFY_DOMAIN_DKIM", async () => (await account.verifyDomainDKIM(kept.domain)).DKIMVerified);
  await step("verify return path", "VERIFY_DOMAIN_RETURN_PATH", async () => (await account.verifyDomainReturnPath(kept.domain)).ReturnPathDomainVerified);
  await step("verify SPF", "VERIFY_DOMAIN_SPF", async () => (await account.verifyDomainSPF(kept.domain)).SPFVerified);
  await step("rotate", "ROTATE_DOMAIN_DKIM", () => account.rotateDomainDKIM(kept.domain));
  await step("delete domain", "DELETE_DOMAIN", async () => (await account.deleteDomain(kept.domain)).ErrorCode);
  await step("no domain", "GET_DOMAIN", () => account.getDomain(kept.domain));

  await step("sender", "CREATE_SENDER", async () => {
    const one = await account.createSenderSignature({ Name: "Joe", FromEmail: `joe@${key}.example.net` });
    kept.sender = one.ID;
    return one.Confirmed;
  });
  await step("senders", "GET_SENDERS", async () => (await account.getSenderSignatures(page)).TotalCount > 0);
  await step("show sender", "GET_SENDER", async () => (await account.getSenderSignature(kept.sender)).Name);
  await step("edit sender", "UPDATE_SENDER", async () => (await account.editSenderSignature(kept.sender, { Name: "Joseph" })).Name);
  await step("resend", "RESEND_SENDER_CONFIRMATION", async () => (await account.resendSenderSignatureConfirmation(kept.sender)).ErrorCode);
  await step("verify sender SPF", "VERIFY_SENDER_SPF", async () => (await account.verifySenderSignatureSPF(kept.sender)).SPFVerified);
  await step("renew sender DKIM", "REQUEST_NEW_SENDER_DKIM", () => account.requestNewDKIMForSenderSignature(kept.sender));
  await step("delete sender", "DELETE_SENDER", async () => (await account.deleteSenderSignature(kept.sender)).ErrorCode);
  await step("no sender", "GET_SENDER", () => account.getSenderSignature(kept.sender));

  await step("removal", "REQUEST_DATA_REMOVAL", async () => {
    const one = await account.requestDataRemoval({ RequestedBy: "me@example.com", RequestedFor: "gone@example.org", NotifyWhenCompleted: false });
    kept.removal = one.ID;
    return one.ID > 0;
  });
  await step("removal status", "GET_DATA_REMOVAL_STATUS", async () => (await account.getDataRemovalStatus(kept.removal)).ID === kept.removal);
}

tour().then(() => console.log(JSON.stringify(seen)));
