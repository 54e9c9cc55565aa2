typedef int stand_in_has_no_code;
