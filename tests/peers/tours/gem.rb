# A tour of Debian's ruby-postmark. Each step names the endpoint that it needs; what it saw goes out as JSON.
require 'json'
require 'postmark'

AT = JSON.parse(ARGV[0], symbolize_names: true)
OPTIONS = { host: AT[:host], port: AT[:port], secure: false }.freeze
SEEN = {}

def step(label, endpoint)
  return SEEN[label] = { not_served: endpoint } unless AT[:served].include?(endpoint)

  SEEN[label] = yield
rescue Postmark::HttpServerError => e
  code = e.parsed_body['ErrorCode']
  SEEN[label] = { refused: code, class: e.class.name.split('::').last,
                  recipients: e.respond_to?(:recipients) ? e.recipients : nil }
end

client = Postmark::ApiClient.new(AT[:server_token], OPTIONS.dup)
account = Postmark::AccountApiClient.new(AT[:account_token], OPTIONS.dup)
mail = { from: 'shop@example.com', to: 'ann@example.org', subject: 'Hi', text_body: 'Hello' }
page = { count: 10, offset: 0 }
key = AT[:name]
kept = {}

step('send', 'SEND_EMAIL') { client.deliver(mail)[:message] }
step('send nothing', 'SEND_EMAIL') { client.deliver(mail.merge(text_body: nil)) }
step('send to inactive', 'SEND_EMAIL') { client.deliver(mail.merge(to: AT[:bounced])) }
step('send on no stream', 'SEND_EMAIL') { client.deliver(mail.merge(message_stream: 'nowhere')) }
step('wrong token', 'SEND_EMAIL') { Postmark::ApiClient.new('nonsense', OPTIONS.dup).deliver(mail) }
step('batch', 'SEND_BATCH') { client.deliver_in_batches([mail, mail.merge(text_body: '')]).map { |one| one[:error_code] } }

step('bounce counts', 'GET_DELIVERY_STATS') { client.delivery_stats[:inactive_mails] }
step('bounces', 'GET_BOUNCES') do
  found = client.get_bounces(page)
  [client.bounces.count, found[0][:type], found[0][:email]]
end
step('bounce', 'GET_BOUNCE') { client.get_bounce(AT[:bounce])[:inactive] }
step('bounce dump', 'DUMP_BOUNCE') { !client.dump_bounce(AT[:bounce])[:body].empty? }
step('reactivate', 'ACTIVATE_BOUNCE') { client.activate_bounce(AT[:bounce])[:inactive] }
step('no bounce', 'GET_BOUNCE') { client.get_bounce(1) }

body = { html_body: '<b>{{name}}</b>', text_body: '{{name}}', subject: '{{name}}' }
step('layout', 'CREATE_TEMPLATE') do
  client.create_template(name: 'L', alias: 'lay', template_type: 'Layout', html_body: '{{{@content}}}',
                         text_body: '{{{@content}}}')[:template_type]
end
step('template', 'CREATE_TEMPLATE') do
  client.create_template(body.merge(name: 'T', alias: 'tea', layout_template: 'lay'))[:alias]
end
step('show template', 'GET_TEMPLATE') { client.get_template('tea')[:subject] }
step('edit template', 'UPDATE_TEMPLATE') { client.update_template('tea', name: 'Tea')[:name] }
step('templates', 'GET_TEMPLATES') { client.get_templates(page)[0] }
step('validate', 'VALIDATE_TEMPLATE') do
  found = client.validate_template(body.merge(test_render_model: { name: 'Ann' }))
  [found[:all_content_is_valid], found[:subject][:rendered_content]]
end
made = { from: mail[:from], to: mail[:to], template_alias: 'tea', template_model: { name: 'Ann' } }
step('send template', 'SEND_WITH_TEMPLATE') { client.deliver_with_template(made)[:message] }
step('send no template', 'SEND_WITH_TEMPLATE') { client.deliver_with_template(made.merge(template_alias: 'nope')) }
step('template batch', 'SEND_BATCH_WITH_TEMPLATES') do
  client.deliver_in_batches_with_templates([made, made.merge(template_alias: 'nope')]).map { |one| one[:error_code] }
end
step('push', 'PUSH_TEMPLATES') do
  account.push_templates(source_server_id: AT[:server_id], destination_server_id: AT[:other_id], perform_changes: true)
         .map { |one| one[:action] }
end
step('delete template', 'DELETE_TEMPLATE') { client.delete_template('tea')[:error_code] }

step('stream', 'CREATE_MESSAGE_STREAM') do
  client.create_message_stream(id: 'news', name: 'News', message_stream_type: 'Broadcasts')[:id]
end
step('streams', 'GET_MESSAGE_STREAMS') { client.get_message_streams.length }
step('show stream', 'GET_MESSAGE_STREAM') { client.get_message_stream('news')[:name] }
step('edit stream', 'UPDATE_MESSAGE_STREAM') { client.update_message_stream('news', name: 'Old')[:name] }
step('archive', 'ARCHIVE_MESSAGE_STREAM') { client.archive_message_stream('news')[:id] }
step('unarchive', 'UNARCHIVE_MESSAGE_STREAM') { client.unarchive_message_stream('news')[:archived_at] }
step('no stream', 'GET_MESSAGE_STREAM') { client.get_message_stream('nowhere') }

step('suppress', 'CREATE_SUPPRESSIONS') do
  client.create_suppressions('outbound', 'carl@example.org')[:suppressions][0]['Status']
end
step('suppressions', 'DUMP_SUPPRESSIONS') do
  client.dump_suppressions('outbound', email_address: 'carl@example.org').map { |one| one[:email_address] }
end
step('lift', 'DELETE_SUPPRESSIONS') do
  client.delete_suppressions('outbound', 'carl@example.org')[:suppressions][0]['Status']
end

step('webhook', 'CREATE_WEBHOOK') do
  hook = client.create_webhook(url: 'https://example.com/hook',
                               triggers: { 'Open' => { 'Enabled' => true, 'PostFirstOpenOnly' => true } })
  kept[:hook] = hook[:id]
  hook[:triggers]['Open']['PostFirstOpenOnly']
end
step('webhooks', 'GET_WEBHOOKS') { client.get_webhooks.length }
step('show webhook', 'GET_WEBHOOK') { client.get_webhook(kept[:hook])[:url] }
step('edit webhook', 'UPDATE_WEBHOOK') { client.update_webhook(kept[:hook], url: 'https://example.com/new')[:url] }
step('delete webhook', 'DELETE_WEBHOOK') { client.delete_webhook(kept[:hook])[:error_code] }
step('no webhook', 'GET_WEBHOOK') { client.get_webhook(kept[:hook]) }

step('rule', 'CREATE_INBOUND_RULE') do
  rule = client.create_trigger(:inbound_rules, rule: 'bad@example.org')
  kept[:rule] = rule[:id]
  rule[:rule]
end
step('rules', 'GET_INBOUND_RULES') { client.get_triggers(:inbound_rules, page).length }
step('delete rule', 'DELETE_INBOUND_RULE') { client.delete_trigger(:inbound_rules, kept[:rule])[:message] }

step('messages', 'GET_OUTBOUND_MESSAGES') do
  client.get_messages(page.merge(recipient: 'ann@example.org'))[0][:recipients]
end
step('message', 'GET_OUTBOUND_MESSAGE') { client.get_message(AT[:message])[:message_events].map { |one| one['Type'] } }
step('dump', 'DUMP_OUTBOUND_MESSAGE') { client.dump_message(AT[:message])[:body].include?('Subject: ') }
step('no message', 'GET_OUTBOUND_MESSAGE') { client.get_message('123') }
step('received', 'GET_INBOUND_MESSAGES') { client.get_messages(page.merge(inbound: true))[0][:subject] }
step('received one', 'GET_INBOUND_MESSAGE') { client.get_message(AT[:inbound], inbound: true)[:subject] }
step('opens', 'GET_OPENS') { client.get_opens(page) }
step('opens of one', 'GET_OPENS_OF_MESSAGE') { client.opens_by_message_id(AT[:message]).count }
step('clicks', 'GET_CLICKS') { client.get_clicks(page) }
step('clicks of one', 'GET_CLICKS_OF_MESSAGE') { client.clicks_by_message_id(AT[:message]).count }

step('stats', 'GET_STATS_TOTALS') { client.get_stats_totals[:bounced] }
step('sends', 'GET_SENDS') { client.get_stats_counts(:sends)[:sent].positive? }
step('bounced', 'GET_BOUNCE_COUNTS') { client.get_stats_counts(:bounces)[:hard_bounce] }
step('complaints', 'GET_SPAM_COUNTS') { client.get_stats_counts(:spam)[:spam_complaint] }
step('tracked', 'GET_TRACKED_COUNTS') { client.get_stats_counts(:tracked)[:tracked] }
step('opened', 'GET_OPEN_COUNTS') { client.get_stats_counts(:opens)[:opens] }
step('platforms', 'GET_OPEN_PLATFORMS') { client.get_stats_counts(:opens, type: :platforms)[:desktop] }
step('programs', 'GET_OPEN_EMAILCLIENTS') { client.get_stats_counts(:opens, type: :emailclients)[:days] }
step('read times', 'GET_OPEN_READTIMES') { client.get_stats_counts(:opens, type: :readtimes)[:days] }
step('clicked', 'GET_CLICK_COUNTS') { client.get_stats_counts(:clicks)[:clicks] }
step('browsers', 'GET_CLICK_BROWSERFAMILIES') { client.get_stats_counts(:clicks, type: :browserfamilies)[:days] }
step('click platforms', 'GET_CLICK_PLATFORMS') { client.get_stats_counts(:clicks, type: :platforms)[:desktop] }
step('click places', 'GET_CLICK_LOCATIONS') { client.get_stats_counts(:clicks, type: :location)[:html] }

step('server', 'GET_SERVER') { client.server_info[:name] }
step('edit server', 'UPDATE_SERVER') { client.update_server_info(color: 'Red')[:color] }
step('new server', 'CREATE_SERVER') do
  server = account.create_server(name: "#{key} new", color: 'Blue')
  kept[:server] = server[:id]
  server[:api_tokens].length
end
step('servers', 'GET_SERVERS') { account.get_servers_count(name: "#{key} new") }
step('show server', 'GET_SERVER_BY_ID') { account.get_server(kept[:server])[:color] }
step('edit other server', 'UPDATE_SERVER_BY_ID') { account.update_server(kept[:server], track_opens: true)[:track_opens] }
step('delete server', 'DELETE_SERVER') { account.delete_server(kept[:server])[:error_code] }
step('no server', 'GET_SERVER_BY_ID') { account.get_server(kept[:server]) }
step('wrong account token', 'GET_SERVERS') { Postmark::AccountApiClient.new('nonsense', OPTIONS.dup).get_servers }

domain = "#{key}.example.com"
step('domain', 'CREATE_DOMAIN') do
  one = account.create_domain(name: domain)
  kept[:domain] = one[:id]
  one[:dkim_update_status]
end
step('domains', 'GET_DOMAINS') { account.domains.any? { |one| one[:name] == domain } }
step('show domain', 'GET_DOMAIN') { account.get_domain(kept[:domain])[:name] == domain }
step('edit domain', 'UPDATE_DOMAIN') do
  account.update_domain(kept[:domain], return_path_domain: "pm.#{domain}")[:return_path_domain] == "pm.#{domain}"
end
step('verify DKIM', 'VERIFY_DOMAIN_DKIM') { account.verify_domain_dkim(kept[:domain])[:dkim_verified] }
step('verify return path', 'VERIFY_DOMAIN_RETURN_PATH') do
  account.verify_domain_return_path(kept[:domain])[:return_path_domain_verified]
end
step('verify SPF', 'VERIFY_DOMAIN_SPF') { account.verified_domain_spf?(kept[:domain]) }
step('rotate', 'ROTATE_DOMAIN_DKIM') { account.rotate_domain_dkim(kept[:domain]) }
step('delete domain', 'DELETE_DOMAIN') { account.delete_domain(kept[:domain])[:error_code] }
step('no domain', 'GET_DOMAIN') { account.get_domain(kept[:domain]) }

step('sender', 'CREATE_SENDER') do
  one = account.create_sender(name: 'Joe', from_email: "joe@#{key}.example.net")
  kept[:sender] = one[:id]
  one[:confirmed]
end
step('senders', 'GET_SENDERS') { account.get_senders_count.positive? }
step('show sender', 'GET_SENDER') { account.get_sender(kept[:sender])[:name] }
step('edit sender', 'UPDATE_SENDER') { account.update_sender(kept[:sender], name: 'Joseph')[:name] }
step('resend', 'RESEND_SENDER_CONFIRMATION') { account.resend_sender_confirmation(kept[:sender])[:error_code] }
step('verify sender SPF', 'VERIFY_SENDER_SPF') { account.verified_sender_spf?(kept[:sender]) }
step('renew sender DKIM', 'REQUEST_NEW_SENDER_DKIM') { account.request_new_sender_dkim(kept[:sender]) }
step('delete sender', 'DELETE_SENDER') { account.delete_sender(kept[:sender])[:error_code] }
step('no sender', 'GET_SENDER') { account.get_sender(kept[:sender]) }

puts JSON.generate(SEEN)
