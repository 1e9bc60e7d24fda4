"""Rows of the contract that drop folders cannot be made to do, each with the reason."""

_NO_LINE = "a file has no line: a share that is away is tried in connectors/test_drop_folder.py"
_NO_ANSWER = "a file is taken or lies there: nobody answers it, and a person of the ERP decides"
_NO_WORD = "an order that is deleted without a word stays in the file that brought it; a cancelled one is told"
_NO_LOGIN = "a folder has no login: the server's own rights decide"
CANNOT = {
    "test_a_deleted_order_is_missing_in_the_list_of_open_ones_and_cannot_be_read": _NO_WORD,
    "test_an_order_that_is_gone_is_a_conflict": _NO_WORD,
    "test_the_difference_of_the_clocks_is_seen": "a folder tells no time",
    "test_totals_arrive_and_the_comparison_says_what_the_erps_own_books_say": "a folder does not tell what was booked",
    "test_the_final_message_ends_the_order_and_may_be_repeated": (
        "a folder does not tell what was booked; the final file is tried in connectors/test_drop_folder.py"
    ),
    "test_a_refusal_comes_with_the_erps_own_words_and_books_nothing": _NO_ANSWER,
    "test_a_question_of_the_erp_waits_for_a_person_and_then_is_booked": _NO_ANSWER,
    "test_a_wrong_secret_is_an_error_of_the_login_and_stands_in_no_word": _NO_LOGIN,
    "test_a_login_that_is_refused_all_the_time_stops_the_connector": _NO_LOGIN,
    "test_a_lost_request_or_answer_is_tried_again_and_booked_once": _NO_LINE,
    "test_a_third_of_all_writes_lost_before_or_after_leaves_no_difference": _NO_LINE,
    "test_too_many_requests_are_tried_later_as_the_erp_wishes": _NO_LINE,
    "test_an_answer_that_is_none_is_tried_later": _NO_LINE,
    "test_an_erp_that_says_nothing_is_not_waited_for": _NO_LINE,
    "test_packed_answers_are_read": _NO_LINE,
    "test_no_redirection_leads_to_another_server": _NO_LINE,
}
