"""Her wish to be told by e-mail at a first look-up: the address, the code that proves it, the button that ends it."""

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from tierce.kernel.errors import FieldError
from tierce.kernel.language import Phrase
from tierce.persons.wishes.errors import WishReason, WishRefusedError
from tierce.persons.wishes.service import Wishes
from tierce.policy.acts import Act
from tierce.web.persons.site import PersonsSite, Visit
from tierce.web.visit import AnyRequest

TYPED_CHARS_MAX = 300
_STATUS = {WishReason.NOT_OFFERED: 409, WishReason.TOO_OFTEN: 429}


def wish_handlers(site: PersonsSite, wishes: Wishes) -> list[HTTPRouteHandler]:
    """Make the routes; what she typed comes back to her alone, in the field where she typed it."""

    async def page(
        visit: Visit,
        *,
        typed: str = "",
        wrong: Phrase | None = None,
        refused: str = "",
        said: str = "",
        status: int = 200,
    ) -> Response[str]:
        standing = await site.rows.read(lambda connection: wishes.standing(connection, visit.handle))
        values = {"standing": standing, "typed": typed, "wrong": wrong, "refused": refused, "said": said}
        return site.page(visit, "wish.html", values, status=status)

    async def refusal(visit: Visit, error: WishRefusedError) -> Response[str]:
        return await page(visit, refused=error.reason.value, status=_STATUS.get(error.reason, 422))

    @get("/wish", opt={"act": Act.NONE})
    async def own(request: AnyRequest) -> Response[str]:
        return await page(await site.visit(request))

    @post("/wish", status_code=200, opt={"act": Act.PERSON_WISH})
    async def ask(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        typed = (await site.sign_in.check_form(request)).get("address", "")[:TYPED_CHARS_MAX]
        try:
            await site.rows.read(
                lambda connection: wishes.ask(connection, visit.caller, visit.handle, typed, visit.frame.language)
            )
        except FieldError as error:
            wrong = Phrase(f"{error.reason.fr} {error.remedy.fr}", f"{error.reason.en} {error.remedy.en}")
            return await page(visit, typed=typed, wrong=wrong, status=422)
        except WishRefusedError as error:
            return await refusal(visit, error)
        return await page(visit, said="asked")

    @post("/wish/code", status_code=200, opt={"act": Act.PERSON_WISH})
    async def prove(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        typed = (await site.sign_in.check_form(request)).get("code", "")[:TYPED_CHARS_MAX]
        try:
            await site.rows.read(lambda connection: wishes.prove(connection, visit.caller, visit.handle, typed))
        except WishRefusedError as error:
            return await refusal(visit, error)
        return await page(visit, said="proved")

    @post("/wish/stop", status_code=200, opt={"act": Act.PERSON_WISH})
    async def stop(request: AnyRequest) -> Response[str]:
        visit = await site.visit(request)
        await site.sign_in.check_form(request)
        await site.rows.read(lambda connection: wishes.stop(connection, visit.caller, visit.handle))
        return await page(visit, said="stopped")

    return [own, ask, prove, stop]
