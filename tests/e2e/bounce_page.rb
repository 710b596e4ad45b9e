# The bounce page's own lines, with the gem, against the server named by the arguments; the answers go out as JSON.
require 'json'
require 'postmark'

port, server_token, id = ARGV
client = Postmark::ApiClient.new(server_token, host: '127.0.0.1', port: port.to_i, secure: false)

# The gem keeps Postmark's own names beside its symbols, for old programs; the page shows the symbols.
def symbols(value)
  case value
  when Hash then value.select { |key, _| key.is_a?(Symbol) }.transform_values { |member| symbols(member) }
  when Array then value.map { |item| symbols(item) }
  else value
  end
end

answers = {
  delivery_stats: client.delivery_stats,
  get_bounces: client.get_bounces(count: 1, offset: 0),
  get_bounce: client.get_bounce(id.to_i),
  dump_bounce: client.dump_bounce(id.to_i),
  activate_bounce: client.activate_bounce(id.to_i),
}
puts JSON.generate(symbols(answers))
