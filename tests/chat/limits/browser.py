"""A person who asks from a browser, and an answer that does not end by itself."""

import asyncio

import httpx

from tests.scripted_llm import Act, Reply, chunk

ABOUT_LEAVE = "Combien de jours de congé ont les doctorants ?"
ABOUT_LASERS = "Qui autorise l'usage du laser ?"
HELD = Reply([chunk("Un "), Act.HOLD, chunk("instant."), b"data: [DONE]\n\n"])
CSRF_TOKEN = "c" * 32


class Browser:
    """A logged-in person at a site."""

    def __init__(self, site: str, slug: str, session: str) -> None:
        self._at = f"{site}/i/{slug}"
        self._site = site
        self.headers = {
            "Cookie": f"sessionid={session}; csrftoken={CSRF_TOKEN}",
            "X-CSRFToken": CSRF_TOKEN,
            "Origin": site,
        }

    def ask(self, question: str = ABOUT_LEAVE) -> httpx.Response:
        return asyncio.run(self.ask_at_once(1, question))[0]

    async def ask_at_once(
        self, n_questions: int, question: str = ABOUT_LEAVE
    ) -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=n_questions)
        async with httpx.AsyncClient(headers=self.headers, limits=limits, timeout=120) as client:
            posts = (
                client.post(f"{self._at}/ask/", json={"question": question})
                for _ in range(n_questions)
            )
            return await asyncio.gather(*posts)

    def post(self, path: str) -> httpx.Response:
        return httpx.post(f"{self._at}/{path}", headers=self.headers, timeout=60)

    def answer(self, asked: httpx.Response) -> str:
        """Follow an answer to its end and return what the server sent."""
        assert asked.status_code == 201, asked.text
        url = self._site + asked.json()["events_url"]
        return httpx.get(url, headers=self.headers, timeout=60).text

    def open_stream(self, url: str) -> httpx.Response:
        """Open a stream of events and leave it open."""
        client = httpx.Client(headers=self.headers, timeout=60)
        return client.send(client.build_request("GET", self._site + url), stream=True)
