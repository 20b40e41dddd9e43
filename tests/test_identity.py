from pipeline.identity import claim_id, evidence_id, fingerprint, statement_id, text_subject


def test_a_claim_keeps_its_id_while_it_is_about_the_same_thing():
    assert claim_id("20970", "rvu", "rvu:total") == claim_id("20970", "rvu", "rvu:total")
    different = {
        claim_id("20970", "rvu", "rvu:total"),
        claim_id("20970", "strip", "rvu:total"),
        claim_id("20969", "rvu", "rvu:total"),
        claim_id("20970", "rvu", "rvu:work"),
    }
    assert len(different) == 4


def test_ids_are_specified_and_do_not_drift():
    assert claim_id("20970", "rvu", "rvu:total") == "c_7560aa2adbeb"
    assert statement_id("20970", "rvu", "rvu:total") == "s_7560aa2adbeb"
    assert evidence_id("doc", 3, 9).startswith("e_")


def test_text_subjects_ignore_case_and_spacing():
    assert text_subject("Name  the\nSide.") == text_subject("name the side.")


def test_fingerprint_depends_on_values_not_on_order():
    assert fingerprint({"a": "1", "b": ["x"]}) == fingerprint({"b": ["x"], "a": "1"})
    assert fingerprint({"a": "1"}) != fingerprint({"a": "2"})
