from edge_app.perception.shipped import FACE_160, FACE_320, model_for


def test_the_cheapest_model_that_is_enough() -> None:
    assert model_for(0.08) == FACE_320
    assert model_for(0.2) == FACE_160
