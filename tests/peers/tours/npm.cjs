// A tour of Postmark's npm client. What each step saw goes out as JSON.
const { createRequire } = require("node:module");

const at = JSON.parse(process.argv[2]);
const postmark = createRequire(at.modules + "/")("postmark");
const options = { useHttps: false, requestHost: `${at.host}:${at.port}` };
const client = new postmark.ServerClient(at.server_token, options);
const account = new postmark.AccountClient(at.account_token, options);
const seen = {};
const kept = {};

async function step(label, run) {
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
  await step("send", async () => (await client.sendEmail(mail)).Message);
  await step("send nothing", () => client.sendEmail({ ...mail, TextBody: undefined }));
  await step("send to inactive", () => client.sendEmail({ ...mail, To: at.bounced }));
  await step("send on no stream", () => client.sendEmail({ ...mail, MessageStream: "nowhere" }));
  await step("wrong token", () => new postmark.ServerClient("nonsense", options).sendEmail(mail));
  await step("batch", async () =>
    (await client.sendEmailBatch([mail, { ...mail, TextBody: "" }])).map((one) => one.ErrorCode));

  await step("bounce counts", async () => (await client.getDeliveryStatistics()).InactiveMails);
  await step("bounces", async () => {
    const found = await client.getBounces(page);
    return [found.TotalCount, found.Bounces[0].Type, found.Bounces[0].Email];
  });
  await step("bounce", async () => (await client.getBounce(at.bounce)).Inactive);
  await step("bounce dump", async () => (await client.getBounceDump(at.bounce)).Body.length > 0);
  await step("reactivate", async () => (await client.activateBounce(at.bounce)).Bounce.Inactive);
  await step("no bounce", () => client.getBounce(1));

  const body = { HtmlBody: "<b>{{name}}</b>", TextBody: "{{name}}", Subject: "{{name}}" };
  await step("layout", async () =>
    (await client.createTemplate({ Name: "L", Alias: "lay", TemplateType: "Layout", HtmlBody: "{{{@content}}}", TextBody: "{{{@content}}}" })).TemplateType);
  await step("template", async () =>
    (await client.createTemplate({ Name: "T", Alias: "tea", LayoutTemplate: "lay", ...body })).Alias);
  await step("show template", async () => (await client.getTemplate("tea")).Subject);
  await step("edit template", async () => (await client.editTemplate("tea", { Name: "Tea" })).Name);
  await step("templates", async () => (await client.getTemplates(page)).TotalCount);
  await step("validate", async () => {
    const found = await client.validateTemplate({ ...body, TestRenderModel: { name: "Ann" } });
    return [found.AllContentIsValid, found.Subject.RenderedContent];
  });
  const made = { From: mail.From, To: mail.To, TemplateAlias: "tea", TemplateModel: { name: "Ann" } };
  await step("send template", async () => (await client.sendEmailWithTemplate(made)).Message);
  await step("send no template", () => client.sendEmailWithTemplate({ ...made, TemplateAlias: "nope" }));
  await step("template batch", async () =>
    (await client.sendEmailBatchWithTemplates([made, { ...made, TemplateAlias: "nope" }])).map((one) => one.ErrorCode));
  await step("push", async () => {
    const found = await account.pushTemplates({ SourceServerID: at.server_id, DestinationServerID: at.other_id, PerformChanges: true });
    return found.Templates.map((one) => one.Action);
  });
  await step("delete template", async () => (await client.deleteTemplate("tea")).ErrorCode);
  await step("bulk", async () => {
    const sent = await client.sendBulkEmail({ From: mail.From, Subject: "Hi", TextBody: "Hello", MessageStream: "broadcast", Messages: [{ To: mail.To }, { To: "bob@example.org" }] });
    kept.bulk = sent.ID;
    return sent.Status;
  });
  await step("bulk status", async () => (await client.getBulkEmailStatus(kept.bulk)).TotalMessages);

  await step("stream", async () =>
    (await client.createMessageStream({ ID: "news", Name: "News", MessageStreamType: "Broadcasts" })).ID);
  await step("streams", async () => (await client.getMessageStreams()).TotalCount);
  await step("show stream", async () => (await client.getMessageStream("news")).Name);
  await step("edit stream", async () => (await client.editMessageStream("news", { Name: "Old" })).Name);
  await step("archive", async () => (await client.archiveMessageStream("news")).ID);
  await step("unarchive", async () => (await client.unarchiveMessageStream("news")).ArchivedAt);
  await step("no stream", () => client.getMessageStream("nowhere"));

  const carl = { Suppressions: [{ EmailAddress: "carl@example.org" }] };
  await step("suppress", async () => (await client.createSuppressions("outbound", carl)).Suppressions[0].Status);
  await step("suppressions", async () =>
    (await client.getSuppressions("outbound", { emailAddress: "carl@example.org" })).Suppressions.map((one) => one.EmailAddress));
  await step("lift", async () => (await client.deleteSuppressions("outbound", carl)).Suppressions[0].Status);

  await step("webhook", async () => {
    const hook = await client.createWebhook({ Url: "https://example.com/hook", Triggers: { Open: { Enabled: true, PostFirstOpenOnly: true } } });
    kept.hook = hook.ID;
    return hook.Triggers.Open.PostFirstOpenOnly;
  });
  await step("webhooks", async () => (await client.getWebhooks()).Webhooks.length);
  await step("show webhook", async () => (await client.getWebhook(kept.hook)).Url);
  await step("edit webhook", async () => (await client.editWebhook(kept.hook, { Url: "https://example.com/new" })).Url);
  await step("delete webhook", async () => (await client.deleteWebhook(kept.hook)).ErrorCode);
  await step("no webhook", () => client.getWebhook(kept.hook));

  await step("rule", async () => {
    const rule = await client.createInboundRuleTrigger({ Rule: "bad@example.org" });
    kept.rule = rule.ID;
    return rule.Rule;
  });
  await step("rules", async () => (await client.getInboundRuleTriggers(page)).TotalCount);
  await step("delete rule", async () => (await client.deleteInboundRuleTrigger(kept.rule)).Message);

  await step("messages", async () =>
    (await client.getOutboundMessages({ ...page, recipient: "ann@example.org" })).Messages[0].Recipients);
  await step("submitted", async () => {
    const [found] = (await client.getOutboundMessages({ ...page, recipient: at.submitted })).Messages;
    return [found.Subject, found.Tag, found.MessageStream, found.Recipients];
  });
  await step("message", async () =>
    (await client.getOutboundMessageDetails(at.message)).MessageEvents.map((one) => one.Type));
  await step("dump", async () => (await client.getOutboundMessageDump(at.message)).Body.includes("Subject: "));
  await step("no message", () => client.getOutboundMessageDetails("123"));
  await step("received", async () => (await client.getInboundMessages(page)).InboundMessages[0].Subject);
  await step("received one", async () => (await client.getInboundMessageDetails(at.inbound)).Subject);
  await step("bypass", () => client.bypassBlockedInboundMessage(at.inbound));
  await step("retry", () => client.retryInboundHookForMessage(at.inbound));
  await step("opens", async () => (await client.getMessageOpens(page)).Opens);
  await step("opens of one", async () => (await client.getMessageOpensForSingleMessage(at.message, page)).TotalCount);
  await step("clicks", async () => (await client.getMessageClicks(page)).Clicks);
  await step("clicks of one", async () => (await client.getMessageClicksForSingleMessage(at.message, page)).TotalCount);

  await step("stats", async () => (await client.getOutboundOverview()).Bounced);
  await step("sends", async () => (await client.getSentCounts()).Sent > 0);
  await step("bounced", async () => (await client.getBounceCounts()).HardBounce);
  await step("complaints", async () => (await client.getSpamComplaintsCounts()).SpamComplaint);
  await step("tracked", async () => (await client.getTrackedEmailCounts()).Tracked);
  await step("opened", async () => (await client.getEmailOpenCounts()).Opens);
  await step("platforms", async () => (await client.getEmailOpenPlatformUsage()).Desktop);
  await step("programs", async () => (await client.getEmailOpenClientUsage()).Days);
  await step("read times", async () => (await client.getEmailOpenReadTimes()).Days);
  await step("clicked", async () => (await client.getClickCounts()).Clicks);
  await step("browsers", async () => (await client.getClickBrowserUsage()).Days);
  await step("click platforms", async () => (await client.getClickPlatformUsage()).Desktop);
  await step("click places", async () => (await client.getClickLocation()).HTML);

  await step("server", async () => (await client.getServer()).Name);
  await step("edit server", async () => (await client.editServer({ Color: "Red" })).Color);
  await step("new server", async () => {
    const server = await account.createServer({ Name: `${key} new`, Color: "Blue" });
    kept.server = server.ID;
    return server.ApiTokens.length;
  });
  await step("servers", async () => (await account.getServers({ ...page, name: `${key} new` })).TotalCount);
  await step("show server", async () => (await account.getServer(kept.server)).Color);
  await step("edit other server", async () => (await account.editServer(kept.server, { TrackOpens: true })).TrackOpens);
  await step("delete server", async () => (await account.deleteServer(kept.server)).ErrorCode);
  await step("no server", () => account.getServer(kept.server));
  await step("wrong account token", () => new postmark.AccountClient("nonsense", options).getServers());

  const domain = `${key}.example.com`;
  await step("domain", async () => {
    const one = await account.createDomain({ Name: domain });
    kept.domain = one.ID;
    return one.DKIMUpdateStatus;
  });
  await step("domains", async () => (await account.getDomains(page)).Domains.some((one) => one.Name === domain));
  await step("show domain", async () => (await account.getDomain(kept.domain)).Name === domain);
  await step("edit domain", async () =>
    (await account.editDomain(kept.domain, { ReturnPathDomain: `pm.${domain}` })).ReturnPathDomain === `pm.${domain}`);
  await step("verify DKIM", async () => (await account.verifyDomainDKIM(kept.domain)).DKIMVerified);
  await step("verify return path", async () => (await account.verifyDomainReturnPath(kept.domain)).ReturnPathDomainVerified);
  await step("verify SPF", async () => (await account.verifyDomainSPF(kept.domain)).SPFVerified);
  await step("rotate", () => account.rotateDomainDKIM(kept.domain));
  await step("delete domain", async () => (await account.deleteDomain(kept.domain)).ErrorCode);
  await step("no domain", () => account.getDomain(kept.domain));

  await step("sender", async () => {
    const one = await account.createSenderSignature({ Name: "Joe", FromEmail: `joe@${key}.example.net` });
    kept.sender = one.ID;
    return one.Confirmed;
  });
  await step("senders", async () => (await account.getSenderSignatures(page)).TotalCount > 0);
  await step("show sender", async () => (await account.getSenderSignature(kept.sender)).Name);
  await step("edit sender", async () => (await account.editSenderSignature(kept.sender, { Name: "Joseph" })).Name);
  await step("resend", async () => (await account.resendSenderSignatureConfirmation(kept.sender)).ErrorCode);
  await step("verify sender SPF", async () => (await account.verifySenderSignatureSPF(kept.sender)).SPFVerified);
  await step("renew sender DKIM", () => account.requestNewDKIMForSenderSignature(kept.sender));
  await step("delete sender", async () => (await account.deleteSenderSignature(kept.sender)).ErrorCode);
  await step("no sender", () => account.getSenderSignature(kept.sender));

  await step("removal", async () => {
    const one = await account.requestDataRemoval({ RequestedBy: "me@example.com", RequestedFor: "gone@example.org", NotifyWhenCompleted: false });
    kept.removal = one.ID;
    return one.ID > 0;
  });
  await step("removal status", async () => (await account.getDataRemovalStatus(kept.removal)).ID === kept.removal);
}

tour().then(() => console.log(JSON.stringify(seen)));
