from edge_app.analyze.placement import Places, Rectangle

FACE = Rectangle(40, 40, 60, 60)


def test_label_stands_above_its_face() -> None:
    assert Places(100, 100, [FACE]).best(FACE, 30, 10) == Rectangle(40, 30, 70, 40)


def test_label_stands_below_where_above_is_no_room() -> None:
    face = Rectangle(40, 5, 60, 25)
    assert Places(100, 100, [face]).best(face, 30, 10) == Rectangle(40, 25, 70, 35)


def test_label_stays_inside_of_the_picture() -> None:
    face = Rectangle(80, 40, 100, 60)
    assert Places(100, 100, [face]).best(face, 30, 10) == Rectangle(70, 30, 100, 40)


def test_label_spares_another_face() -> None:
    above = Rectangle(50, 10, 70, 38)
    place = Places(100, 100, [FACE, above]).best(FACE, 30, 10)
    assert place == Rectangle(40, 60, 70, 70)


def test_label_spares_another_label() -> None:
    places = Places(100, 100, [FACE])
    places.take(places.best(FACE, 30, 10))
    place = places.best(FACE, 30, 10)
    assert not places.hidden_by(place)


def test_least_is_hidden_where_nothing_is_free() -> None:
    others = [Rectangle(0, 0, 100, 39), Rectangle(0, 62, 100, 100)]
    places = Places(100, 100, [FACE, *others])
    place = places.best(FACE, 30, 10)
    assert place.top == 60
    assert places.hidden_by(place) == 30 * 8
