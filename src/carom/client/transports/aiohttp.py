"""The async way: aiohttp, imported and opened with the first request."""

from typing import TYPE_CHECKING

from carom.client.transports import Request, Response, Stage, TransportError

if TYPE_CHECKING:
    from aiohttp import ClientSession

IDLE_SECONDS = 4.0


class AiohttpTransport:
    """A session, made in the loop that first uses it."""

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS) -> None:
        """Keep idle connections for so long."""
        self._idle_seconds = idle_seconds
        self._session: ClientSession | None = None

    async def send(self, request: Request) -> Response:
        """See :class:`carom.client.transports.AsyncTransport`."""
        import aiohttp

        session = self._session = self._session or self._open()
        timeout = aiohttp.ClientTimeout(total=None, connect=request.connect_timeout, sock_read=request.read_timeout)
        try:
            async with session.request(
                request.method,
                request.url,
                data=request.body or None,
                headers=request.headers,
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status, headers, body)
        except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError) as error:
            timed_out = isinstance(error, TimeoutError)
            raise TransportError(Stage.CONNECT, f"cannot connect: {error}", timed_out=timed_out) from error
        except TimeoutError as error:
            raise TransportError(Stage.WAIT, "no answer in time", timed_out=True) from error
        except (aiohttp.ClientError, OSError) as error:
            raise TransportError(Stage.WAIT, f"the connection broke: {str(error) or type(error).__name__}") from error

    async def close(self) -> None:
        """See :class:`carom.client.transports.AsyncTransport`."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> "ClientSession":
        import aiohttp

        connector = aiohttp.TCPConnector(keepalive_timeout=self._idle_seconds, limit=0)
        return aiohttp.ClientSession(connector=connector, auto_decompress=True)
