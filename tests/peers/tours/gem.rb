# A tour of Debian's ruby-postmark. What each step saw goes out as JSON.
require 'json'
require 'postmark'

AT = JSON.parse(ARGV[0], symbolize_names: true)
OPTIONS = { host: AT[:host], port: AT[:port], secure: false }.freeze
SEEN = {}

def step(label)
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

step('send') { client.deliver(mail)[:message] }
step('send nothing') { client.deliver(mail.merge(text_body: nil)) }
step('send to inactive') { client.deliver(mail.merge(to: AT[:bounced])) }
step('send on no stream') { client.deliver(mail.merge(message_stream: 'nowhere')) }
step('wrong token') { Postmark::ApiClient.new('nonsense', OPTIONS.dup).deliver(mail) }
step('batch') { client.deliver_in_batches([mail, mail.merge(text_body: '')]).map { |one| one[:error_code] } }

step('bounce counts') { client.delivery_stats[:inactive_mails] }
step('bounces') do
  found = client.get_bounces(page)
  [client.bounces.count, found[0][:type], found[0][:email]]
end
step('bounce') { client.get_bounce(AT[:bounce])[:inactive] }
step('bounce dump') { !client.dump_bounce(AT[:bounce])[:body].empty? }
step('reactivate') { client.activate_bounce(AT[:bounce])[:inactive] }
step('no bounce') { client.get_bounce(1) }

body = { html_body: '<b>{{name}}</b>', text_body: '{{name}}', subject: '{{name}}' }
step('layout') do
  client.create_template(name: 'L', alias: 'lay', template_type: 'Layout', html_body: '{{{@content}}}',
                         text_body: '{{{@content}}}')[:template_type]
end
step('template') do
  client.create_template(body.merge(name: 'T', alias: 'tea', layout_template: 'lay'))[:alias]
end
step('show template') { client.get_template('tea')[:subject] }
step('edit template') { client.update_template('tea', name: 'Tea')[:name] }
step('templates') { client.get_templates(page)[0] }
step('validate') do
  found = client.validate_template(body.merge(test_render_model: { name: 'Ann' }))
  [found[:all_content_is_valid], found[:subject][:rendered_content]]
end
made = { from: mail[:from], to: mail[:to], template_alias: 'tea', template_model: { name: 'Ann' } }
step('send template') { client.deliver_with_template(made)[:message] }
step('send no template') { client.deliver_with_template(made.merge(template_alias: 'nope')) }
step('template batch') do
  client.deliver_in_batches_with_templates([made, made.merge(template_alias: 'nope')]).map { |one| one[:error_code] }
end
step('push') do
  account.push_templates(source_server_id: AT[:server_id], destination_server_id: AT[:other_id], perform_changes: true)
         .map { |one| one[:action] }
end
step('delete template') { client.delete_template('tea')[:error_code] }

step('stream') do
  client.create_message_stream(id: 'news', name: 'News', message_stream_type: 'Broadcasts')[:id]
end
step('streams') { client.get_message_streams.length }
step('show stream') { client.get_message_stream('news')[:name] }
step('edit stream') { client.update_message_stream('news', name: 'Old')[:name] }
step('archive') { client.archive_message_stream('news')[:id] }
step('unarchive') { client.unarchive_message_stream('news')[:archived_at] }
step('no stream') { client.get_message_stream('nowhere') }

step('suppress') do
  client.create_suppressions('outbound', 'carl@example.org')[:suppressions][0]['Status']
end
step('suppressions') do
  client.dump_suppressions('outbound', email_address: 'carl@example.org').map { |one| one[:email_address] }
end
step('lift') do
  client.delete_suppressions('outbound', 'carl@example.org')[:suppressions][0]['Status']
end

step('webhook') do
  hook = client.create_webhook(url: 'https://example.com/hook',
                               triggers: { 'Open' => { 'Enabled' => true, 'PostFirstOpenOnly' => true } })
  kept[:hook] = hook[:id]
  hook[:triggers]['Open']['PostFirstOpenOnly']
end
step('webhooks') { client.get_webhooks.length }
step('show webhook') { client.get_webhook(kept[:hook])[:url] }
step('edit webhook') { client.update_webhook(kept[:hook], url: 'https://example.com/new')[:url] }
step('delete webhook') { client.delete_webhook(kept[:hook])[:error_code] }
step('no webhook') { client.get_webhook(kept[:hook]) }

step('rule') do
  rule = client.create_trigger(:inbound_rules, rule: 'bad@example.org')
  kept[:rule] = rule[:id]
  rule[:rule]
end
step('rules') { client.get_triggers(:inbound_rules, page).length }
step('delete rule') { client.delete_trigger(:inbound_rules, kept[:rule])[:message] }

step('messages') do
  client.get_messages(page.merge(recipient: 'ann@example.org'))[0][:recipients]
end
step('submitted') do
  found = client.get_messages(page.merge(recipient: AT[:submitted]))[0]
  [found[:subject], found[:tag], found[:message_stream], found[:recipients]]
end
step('message') { client.get_message(AT[:message])[:message_events].map { |one| one['Type'] } }
step('dump') { client.dump_message(AT[:message])[:body].include?('Subject: ') }
step('no message') { client.get_message('123') }
step('received') { client.get_messages(page.merge(inbound: true))[0][:subject] }
step('received one') { client.get_message(AT[:inbound], inbound: true)[:subject] }
step('opens') { client.get_opens(page) }
step('opens of one') { client.opens_by_message_id(AT[:message]).count }
step('clicks') { client.get_clicks(page) }
step('clicks of one') { client.clicks_by_message_id(AT[:message]).count }

step('stats') { client.get_stats_totals[:bounced] }
step('sends') { client.get_stats_counts(:sends)[:sent].positive? }
step('bounced') { client.get_stats_counts(:bounces)[:hard_bounce] }
step('complaints') { client.get_stats_counts(:spam)[:spam_complaint] }
step('tracked') { client.get_stats_counts(:tracked)[:tracked] }
step('opened') { client.get_stats_counts(:opens)[:opens] }
step('platforms') { client.get_stats_counts(:opens, type: :platforms)[:desktop] }
step('programs') { client.get_stats_counts(:opens, type: :emailclients)[:days] }
step('read times') { client.get_stats_counts(:opens, type: :readtimes)[:days] }
step('clicked') { client.get_stats_counts(:clicks)[:clicks] }
step('browsers') { client.get_stats_counts(:clicks, type: :browserfamilies)[:days] }
step('click platforms') { client.get_stats_counts(:clicks, type: :platforms)[:desktop] }
step('click places') { client.get_stats_counts(:clicks, type: :location)[:html] }

step('server') { client.server_info[:name] }
step('edit server') { client.update_server_info(color: 'Red')[:color] }
step('new server') do
  server = account.create_server(name: "#{key} new", color: 'Blue')
  kept[:server] = server[:id]
  server[:api_tokens].length
end
step('servers') { account.get_servers_count(name: "#{key} new") }
step('show server') { account.get_server(kept[:server])[:color] }
step('edit other server') { account.update_server(kept[:server], track_opens: true)[:track_opens] }
step('delete server') { account.delete_server(kept[:server])[:error_code] }
step('no server') { account.get_server(kept[:server]) }
step('wrong account token') { Postmark::AccountApiClient.new('nonsense', OPTIONS.dup).get_servers }

domain = "#{key}.example.com"
step('domain') do
  one = account.create_domain(name: domain)
  kept[:domain] = one[:id]
  one[:dkim_update_status]
end
step('domains') { account.domains.any? { |one| one[:name] == domain } }
step('show domain') { account.get_domain(kept[:domain])[:name] == domain }
step('edit domain') do
  account.update_domain(kept[:domain], return_path_domain: "pm.#{domain}")[:return_path_domain] == "pm.#{domain}"
end
step('verify DKIM') { account.verify_domain_dkim(kept[:domain])[:dkim_verified] }
step('verify return path') do
  account.verify_domain_return_path(kept[:domain])[:return_path_domain_verified]
end
step('verify SPF') { account.verified_domain_spf?(kept[:domain]) }
step('rotate') { account.rotate_domain_dkim(kept[:domain]) }
step('delete domain') { account.delete_domain(kept[:domain])[:error_code] }
step('no domain') { account.get_domain(kept[:domain]) }

step('sender') do
  one = account.create_sender(name: 'Joe', from_email: "joe@#{key}.example.net")
  kept[:sender] = one[:id]
  one[:confirmed]
end
step('senders') { account.get_senders_count.positive? }
step('show sender') { account.get_sender(kept[:sender])[:name] }
step('edit sender') { account.update_sender(kept[:sender], name: 'Joseph')[:name] }
step('resend') { account.resend_sender_confirmation(kept[:sender])[:error_code] }
step('verify sender SPF') { account.verified_sender_spf?(kept[:sender]) }
step('renew sender DKIM') { account.request_new_sender_dkim(kept[:sender]) }
step('delete sender') { account.delete_sender(kept[:sender])[:error_code] }
step('no sender') { account.get_sender(kept[:sender]) }

puts JSON.generate(SEEN)
